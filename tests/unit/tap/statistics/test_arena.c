/* How threads take room in a statistics file. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "kept.h"
#include "tap/statistics/arena.h"

#define THREADS 3u
#define PIECES  200u

TestSuite(tap_arena, .init = kept_start, .fini = kept_remove);

static uint64_t line_of(const void *place)
{
    return (uint64_t)(uintptr_t)place / FFITAP__STORAGE_LINE;
}

Test(tap_arena, threads_have_no_cache_line_in_common)
{
    struct ffitap__arena arenas[THREADS] = {{0}};
    uint8_t owners[1 << 14] = {0};
    const uint64_t first = line_of(ffitap__storage_current()->header);

    for (unsigned piece = 0; piece < PIECES; piece++)
        for (unsigned thread = 0; thread < THREADS; thread++) {
            const size_t size = 8 + (piece * 40 + thread * 16) % 400;

            arenas[thread].storage = ffitap__storage_current();
            char *place = ffitap__arena_take(&arenas[thread], size);
            cr_assert(ne(ptr, place, NULL));
            ffitap__storage_take(ffitap__storage_current(), 24);
            for (uint64_t line = line_of(place); line <= line_of(place + size - 1); line++) {
                cr_assert(lt(u64, line - first, sizeof(owners)));
                cr_assert(owners[line - first] == 0 || owners[line - first] == thread + 1);
                owners[line - first] = (uint8_t)(thread + 1);
            }
        }
}

Test(tap_arena, pieces_are_zeroed_and_apart)
{
    struct ffitap__arena arena = {.storage = ffitap__storage_current()};
    char *former = NULL;

    for (unsigned i = 1; i <= PIECES; i++) {
        static const char zeroes[FFITAP__ARENA_FIRST];
        const size_t size = 1 + i % FFITAP__ARENA_FIRST;
        char *piece = ffitap__arena_take(&arena, size);

        cr_assert(eq(uint, (unsigned)((uintptr_t)piece % 8), 0));
        cr_expect(eq(int, memcmp(piece, zeroes, size), 0));
        cr_expect(ne(ptr, piece, former));
        memset(piece, 0xff, size);
        former = piece;
    }
}

Test(tap_arena, what_a_handler_took_meanwhile_is_its_own)
{
    struct ffitap__arena arena = {.storage = ffitap__storage_current()}, handlers;
    char *ours = ffitap__arena_take(&arena, 16);

    /*
     * As if a signal handler came after the thread had found no room, and before it had a new
     * chunk.
     */
    handlers = arena;
    atomic_store(&handlers.room, 0);
    char *theirs = ffitap__arena_take(&handlers, 16);
    char *more = ffitap__arena_take(&arena, 16);
    cr_expect(ne(ptr, theirs, ours));
    cr_expect(eq(ptr, more, ours + 16));
}

Test(tap_arena, a_full_file_stays_full)
{
    struct ffitap__arena arena = {.storage = ffitap__storage_current()};
    char *last = NULL, *piece;

    while (ffitap__storage_take(arena.storage, 65536))
        ;
    while ((piece = ffitap__arena_take(&arena, 64)))
        last = piece;
    cr_expect(ne(ptr, last, NULL));
    for (unsigned i = 0; i < 1000; i++)
        cr_expect(eq(ptr, ffitap__arena_take(&arena, FFITAP__ARENA_FIRST), NULL));
    cr_expect(eq(ptr, ffitap__arena_take(&arena, 64), NULL));
}

Test(tap_arena, a_thread_that_counts_little_keeps_little)
{
    const uint64_t before = atomic_load(&ffitap__storage_current()->header->used);

    kept_call((void *)strlen, false);
    const uint64_t after = atomic_load(&ffitap__storage_current()->header->used);
    cr_expect(le(u64, sizeof(struct ffitap__statistics_thread), after - before));
    cr_expect(lt(u64, after - before, 2048));
}
