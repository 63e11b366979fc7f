#include "tap/statistics/arena.h"

static uint64_t room_between(uint64_t rest, uint64_t end)
{
    return end << 32 | rest;
}

/* A signal handler may put a chunk of its own into `room` meanwhile. Ours then replaces it, and
 * what the handler has not taken of its chunk is given up. */
static void *take_of_new_chunk(struct ffitap__arena *arena, size_t size)
{
    const uint32_t last = atomic_load_explicit(&arena->chunk_size, memory_order_relaxed);
    const uint32_t chunk_size = !last                       ? FFITAP__ARENA_FIRST
                                : last < FFITAP__ARENA_MOST ? 2 * last
                                                            : last;
    void *chunk = ffitap__storage_take_lines(arena->storage, chunk_size);
    const uint64_t start = ffitap__storage_offset(arena->storage, chunk);

    if (!chunk)
        return NULL;
    atomic_store_explicit(&arena->chunk_size, chunk_size, memory_order_relaxed);
    atomic_store_explicit(&arena->room, room_between(start + size, start + chunk_size),
                          memory_order_relaxed);
    return chunk;
}

void *ffitap__arena_take(struct ffitap__arena *arena, size_t size)
{
    uint64_t room = atomic_load_explicit(&arena->room, memory_order_relaxed);
    uint64_t rest;

    size = (size + 7) & ~(size_t)7;
    do {
        rest = (uint32_t)room;
        if (rest + size > room >> 32)
            return take_of_new_chunk(arena, size);
    } while (!atomic_compare_exchange_weak_explicit(&arena->room, &room, room + size,
                                                    memory_order_relaxed, memory_order_relaxed));
    return (char *)arena->storage->header + rest;
}
