/*
 * The tests are their own reader: they map the file that this process writes. They are built twice:
 * where there is no provider calls take another way.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emit_double.h"
#include "tap/call.h"
#include "tap/callback.h"
#include "tap/library.h"
#include "tap/lock.h"
#include "tap/runtime.h"
#include "tap/statistics.h"

#ifdef WITHOUT_PROVIDER
bool emit_double_is_there = false;
#endif

static char folder[] = "/tmp/ffitap-test-statistics-XXXXXX";
static uint16_t runtime;
static const uint8_t argv[] = "program\0argument";

static void start_in(const char *where)
{
    ffitap__lock();
    ffitap__statistics_start(where, &(struct ffitap__storage_process){
                                        .exe = "/usr/bin/program",
                                        .argv = argv,
                                        .argv_size = sizeof(argv),
                                        .recording = "token",
                                        .start_ns = ffitap__clock_monotonic_ns(),
                                    });
    ffitap__unlock();
}

static void start(void)
{
    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    start_in(folder);
    runtime = ffitap__runtime_add("made-up", "/lib/made-up.so", "release");
}

static void remove_folder(void)
{
    glob_t files;
    char pattern[64];

    snprintf(pattern, sizeof(pattern), "%s/*", folder);
    if (glob(pattern, 0, NULL, &files) == 0)
        for (size_t i = 0; i < files.gl_pathc; i++)
            unlink(files.gl_pathv[i]);
    globfree(&files);
    rmdir(folder);
}

TestSuite(tap_statistics, .init = start, .fini = remove_folder);

/* The file of `pid`, as a reader maps it; NULL if there is none. */
static const struct ffitap__statistics_header *map_file(int pid)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%d.0" FFITAP__STATISTICS_SUFFIX, folder, pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    const off_t size = lseek(file, 0, SEEK_END);
    void *mapped = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    cr_assert(ne(ptr, mapped, MAP_FAILED));
    return mapped;
}

static const void *at(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : NULL;
}

static char *text(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (char *)header + offset : "";
}

static const struct ffitap__statistics_thread *
only_thread(const struct ffitap__statistics_header *header)
{
    const struct ffitap__statistics_thread *thread =
        at(header, header->lists[FFITAP__STATISTICS_THREADS]);

    cr_assert(ne(ptr, (void *)thread, NULL));
    cr_assert(eq(u64, thread->link.next, 0));
    return thread;
}

static const struct ffitap__statistics_cell *
newest_cell(const struct ffitap__statistics_header *header)
{
    const struct ffitap__statistics_cell *cell = at(header, only_thread(header)->cells);

    cr_assert(ne(ptr, (void *)cell, NULL));
    cr_assert(eq(uint, cell->sequence % 2, 0));
    return cell;
}

static uint64_t sum_of_buckets(const struct ffitap__statistics_header *header, uint64_t offset)
{
    uint64_t sum = 0;
    const struct ffitap__statistics_buckets *piece = at(header, offset);

    for (; piece; piece = at(header, piece->next))
        for (unsigned i = 0; i < FFITAP__STATISTICS_BUCKETS; i++)
            sum += piece->is_scattered ? ffitap__statistics_scattered_count(piece->counts[i])
                                       : piece->counts[i];
    return sum;
}

static void call(void *address, bool has_lock)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    ffitap__call_enter(self, runtime, address, has_lock, stack);

    ffitap__call_leave(self, stack);
}

static void call_with_window(void *address)
{
    struct ffitap__thread *self = ffitap__thread_get();

    ffitap__call_lock_released(self, runtime);
    call(address, true);
    ffitap__call_lock_wanted(self);
    ffitap__call_lock_held(self, (uintptr_t)__builtin_frame_address(0));
}

Test(tap_statistics, the_header_says_what_process_it_is)
{
    const struct ffitap__statistics_header *header = map_file(getpid());

    cr_assert(ne(ptr, (void *)header, NULL));
    cr_expect(eq(int, memcmp(header->magic, FFITAP__STATISTICS_MAGIC, 8), 0));
    cr_expect(eq(uint, header->version, FFITAP__STATISTICS_VERSION));
    cr_expect(eq(uint, header->ready, 1));
    cr_expect(eq(int, header->pid, getpid()));
    cr_expect(eq(int, header->ppid, getppid()));
    cr_expect(eq(str, text(header, header->exe), "/usr/bin/program"));
    cr_expect(eq(str, text(header, header->recording), "token"));
    cr_expect(eq(int, memcmp(at(header, header->argv), argv, sizeof(argv)), 0));
    cr_expect(gt(u64, header->start_ns, 0));
}

Test(tap_statistics, calls_are_counted_with_their_times)
{
    for (int i = 0; i < 5; i++)
        call((void *)strlen, false);
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_cell *cell = newest_cell(header);

    cr_expect(eq(u64, cell->count, 5));
    cr_expect(eq(u64, sum_of_buckets(header, cell->buckets), 5));
    cr_expect(le(u64, cell->min_ns, cell->max_ns));
    cr_expect(ge(u64, cell->total_ns, cell->max_ns));
    cr_expect(eq(u64, cell->callbacks_ns, 0));
    cr_expect(eq(u64, cell->held_calls, 0));
    cr_expect(eq(u64, cell->windows, 0));
    cr_expect(gt(u64, header->rate, 0));
}

Test(tap_statistics, functions_and_runtimes_are_named)
{
    ffitap__function_announce((void *)strlen, "strlen_by_name");
    call((void *)strlen, false);
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_function *function =
        at(header, header->lists[FFITAP__STATISTICS_FUNCTIONS]);
    const struct ffitap__statistics_runtime *named =
        at(header, header->lists[FFITAP__STATISTICS_RUNTIMES]);

    cr_expect(eq(str, text(header, function->symbol), "strlen_by_name"));
    cr_expect(eq(uint, function->id, newest_cell(header)->function_id));
    cr_expect(eq(str, text(header, named->name), "made-up"));
    cr_expect(eq(uint, named->id, newest_cell(header)->runtime_id));
}

Test(tap_statistics, windows_and_waits_are_counted)
{
    call_with_window((void *)strlen);
    call_with_window((void *)strlen);
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_windows *windows = at(header, newest_cell(header)->windows);

    cr_assert(ne(ptr, (void *)windows, NULL));
    cr_expect(eq(u64, windows->count, 2));
    cr_expect(eq(u64, sum_of_buckets(header, windows->wait_buckets), 2));
    cr_expect(ge(u64, windows->released_ns, windows->wait_total_ns));
    cr_expect(eq(u64, newest_cell(header)->held_calls, 0));
}

Test(tap_statistics, calls_that_keep_the_lock_are_counted)
{
    call((void *)strlen, true);
    cr_expect(eq(u64, newest_cell(map_file(getpid()))->held_calls, 1));
}

/* Functions that nobody exports, sixteen bytes apart. */
static void *made_up(unsigned i)
{
    return (void *)(uintptr_t)(0x100000 + i * 16);
}

static const struct ffitap__statistics_cell *cell_of(const struct ffitap__statistics_header *header,
                                                     uint32_t function_id, uint16_t runtime_id)
{
    const struct ffitap__statistics_cell *cell = at(header, only_thread(header)->cells);

    while (cell && (cell->function_id != function_id || cell->runtime_id != runtime_id))
        cell = at(header, cell->link.next);
    cr_assert(ne(ptr, (void *)cell, NULL));
    return cell;
}

static uint64_t count_of(const void *address)
{
    return cell_of(map_file(getpid()), ffitap__function_at(address)->id, runtime)->count;
}

Test(tap_statistics, more_functions_than_a_thread_remembers_are_counted_one_by_one)
{
    const unsigned functions = 3 * FFITAP__THREAD_MEMOS;

    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < functions; i++)
            call(made_up(i), round % 2);
    for (unsigned i = 0; i < functions; i += 61)
        cr_expect(eq(u64, count_of(made_up(i)), 4));
}

Test(tap_statistics, a_function_is_counted_apart_for_each_runtime)
{
    const uint16_t first = runtime;
    const uint16_t other = ffitap__runtime_add("another", "/lib/another.so", "");

    for (unsigned i = 0; i < 30; i++) {
        runtime = i % 3 ? first : other;
        call((void *)strlen, false);
    }
    const uint32_t id = ffitap__function_at((void *)strlen)->id;
    cr_expect(eq(u64, cell_of(map_file(getpid()), id, first)->count, 20));
    cr_expect(eq(u64, cell_of(map_file(getpid()), id, other)->count, 10));
}

Test(tap_statistics, what_comes_to_an_address_later_is_another_function)
{
    ffitap__function_announce(made_up(1), "first");
    for (int i = 0; i < 5; i++)
        call(made_up(1), false);
    const uint32_t first = ffitap__function_at(made_up(1))->id;

    ffitap__lock();
    ffitap__function_retire((uintptr_t)made_up(1), (uintptr_t)made_up(2));
    ffitap__unlock();
    ffitap__function_announce(made_up(1), "second");
    for (int i = 0; i < 7; i++)
        call(made_up(1), false);
    cr_expect(eq(u64, cell_of(map_file(getpid()), first, runtime)->count, 5));
    cr_expect(eq(u64, count_of(made_up(1)), 7));
}

Test(tap_statistics, calls_nest_deeper_than_is_told_of)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    const unsigned depth = 3 * FFITAP__STATISTICS_IN_FLIGHT;

    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < depth; i++)
            ffitap__call_enter(self, runtime, (void *)strlen, false, stack - i * 64);
        cr_expect(eq(uint, only_thread(map_file(getpid()))->depth, depth));
        for (unsigned i = depth; i-- > 0;)
            ffitap__call_leave(self, stack - i * 64);
    }
    cr_expect(eq(uint, only_thread(map_file(getpid()))->depth, 0));
    cr_expect(eq(u64, newest_cell(map_file(getpid()))->count, 3 * depth));
}

static void call_from_handler(int signal)
{
    (void)signal;
    call((void *)strlen, false);
}

Test(tap_statistics, a_signal_handler_in_a_call_makes_calls_of_its_own)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    signal(SIGUSR1, call_from_handler);
    for (int i = 0; i < 10; i++) {
        ffitap__call_enter(self, runtime, made_up(1), false, stack);
        raise(SIGUSR1);
        ffitap__call_leave(self, stack);
    }
    cr_expect(eq(u64, count_of(made_up(1)), 10));
    cr_expect(eq(u64, count_of((void *)strlen), 10));
}

/* Whoever waits for a lock and lets others run has left native code, but is in the call. */
Test(tap_statistics, a_call_that_waits_for_its_lock_gives_up_where_another_is_made)
{
    struct ffitap__thread *self = ffitap__thread_get();

    for (int i = 0; i < 10; i++) {
        ffitap__call_lock_released(self, runtime);
        call(made_up(1), true);
        call((void *)strlen, false);
        ffitap__call_lock_held(self, (uintptr_t)__builtin_frame_address(0));
    }
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_cell *cell =
        cell_of(header, ffitap__function_at(made_up(1))->id, runtime);
    const struct ffitap__statistics_windows *windows = at(header, cell->windows);

    cr_assert(ne(ptr, (void *)windows, NULL));
    cr_expect(eq(u64, windows->count, 10));
    cr_expect(eq(u64, windows->wait_unknown, 10));
    cr_expect(eq(u64, sum_of_buckets(header, windows->wait_buckets), 0));
    cr_expect(eq(u64, count_of((void *)strlen), 10));
}

Test(tap_statistics, each_errno_has_its_count)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    for (int value = 1; value <= 6; value++) {
        ffitap__call_errno_asked(self, stack, 0);
        errno = 6;
        ffitap__call_enter(self, runtime, (void *)strlen, false, stack);
        errno = value;
        ffitap__call_leave(self, stack);
    }
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_errnos *newest = at(header, newest_cell(header)->errnos);

    cr_assert(ne(ptr, (void *)newest, NULL));
    cr_expect(eq(int, newest->outcomes[0].value, 5));
    cr_expect(eq(u64, newest->outcomes[0].unchanged, 0));
    cr_expect(eq(int, newest->outcomes[1].value, 6));
    cr_expect(eq(u64, newest->outcomes[1].unchanged, 1));
    cr_expect(eq(uint, newest->outcomes[2].used, 0));
    cr_expect(ne(u64, newest->next, 0));
}

Test(tap_statistics, the_call_that_a_thread_is_in_is_named)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    struct ffitap__frame *frame = ffitap__call_enter(self, runtime, (void *)strlen, false, stack);
    const struct ffitap__statistics_thread *thread = only_thread(map_file(getpid()));

    cr_expect(eq(uint, thread->depth, 1));
    cr_expect(eq(int, thread->tid, gettid()));
    cr_expect(eq(uint, thread->in_flight[0].function_id, frame->callee.function_id));
    cr_expect(eq(u64, thread->in_flight[0].entered_ticks, frame->entered));
    ffitap__call_leave(self, stack);
    cr_expect(eq(uint, thread->depth, 0));
}

Test(tap_statistics, how_long_the_first_call_goes_on_can_be_told_before_it_ends)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);

    usleep(5000);
    ffitap__call_enter(self, runtime, (void *)strlen, false, stack);
    const struct ffitap__statistics_header *header = map_file(getpid());

    cr_expect(ne(u64, header->rate, 0));
    ffitap__call_leave(self, stack);
}

Test(tap_statistics, a_count_that_is_full_goes_on_in_another_piece)
{
    static const uint32_t full[FFITAP__STATISTICS_BUCKETS] = {[0 ... 15] = UINT32_MAX};
    char path[96];

    for (int i = 0; i < 100; i++)
        call((void *)strlen, false);
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_cell *cell = newest_cell(header);
    snprintf(path, sizeof(path), "%s/%d.0" FFITAP__STATISTICS_SUFFIX, folder, getpid());
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    for (uint64_t piece = cell->buckets; piece;
         piece = ((const struct ffitap__statistics_buckets *)at(header, piece))->next)
        pwrite(file, full, sizeof(full),
               (off_t)(piece + offsetof(struct ffitap__statistics_buckets, counts)));
    close(file);
    const uint64_t before = sum_of_buckets(header, cell->buckets);

    for (int i = 0; i < 100; i++)
        call((void *)strlen, false);
    cr_expect(eq(u64, cell->count, 200));
    cr_expect(eq(u64, sum_of_buckets(header, cell->buckets), before + 100));
}

Test(tap_statistics, callbacks_have_cells_of_their_own)
{
    struct ffitap__callback callback;
    struct ffitap__thread *self = ffitap__thread_get();

    ffitap__callback_enter(self, &callback, (void *)strlen, runtime,
                           (uintptr_t)__builtin_frame_address(0));
    ffitap__callback_leave(self, &callback);
    const struct ffitap__statistics_cell *cell = newest_cell(map_file(getpid()));

    cr_expect(eq(uint, cell->kind, FFITAP__STATISTICS_CALLBACKS));
    cr_expect(eq(u64, cell->count, 1));
    cr_expect(eq(uint, cell->function_id, 0));
}

Test(tap_statistics, lookups_are_added_up_by_what_they_are_of)
{
    struct ffitap__library_step lookup;

    for (int i = 0; i < 3; i++) {
        ffitap__library_lookup_begin(&lookup, "nothing", (void *)strlen);
        lookup.ended = lookup.begun;
        ffitap__library_lookup_end(&lookup, NULL, NULL, NULL, "no such thing");
    }
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_lookup *counted =
        at(header, header->lists[FFITAP__STATISTICS_LOOKUPS]);

    cr_assert(ne(ptr, (void *)counted, NULL));
    cr_expect(eq(str, text(header, counted->symbol), "nothing"));
    cr_expect(eq(str, text(header, counted->error), "no such thing"));
    cr_expect(eq(u64, counted->count, 3));
    cr_expect(eq(u64, counted->failed, 3));
}

Test(tap_statistics, loads_are_added_up_by_what_they_are_of)
{
    struct ffitap__library_step load;

    for (int i = 0; i < 2; i++) {
        ffitap__library_load_begin(&load, "libnothing.so", 1, (void *)strlen);
        load.ended = load.begun + 1000000;
        ffitap__library_load_end(&load, NULL, "not there");
    }
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_load *counted =
        at(header, header->lists[FFITAP__STATISTICS_LOADS]);

    cr_expect(eq(str, text(header, counted->name), "libnothing.so"));
    cr_expect(eq(u64, counted->count, 2));
    cr_expect(eq(u64, counted->failed, 2));
    cr_expect(gt(u64, counted->max_ns, 0));
    cr_expect(ge(u64, counted->total_ns, 2 * counted->max_ns - 1));
}

Test(tap_statistics, what_the_tap_keeps_leaves_errno_alone)
{
    errno = 77;
    call_with_window((void *)strlen);
    cr_expect(eq(int, errno, 77));
}

/* A library with a function that is called, and goes again. */
static void come_and_go(uintptr_t base)
{
    const struct ffitap__object_event object = {.base = base,
                                                .size = 4096,
                                                .path = "/lib/guest.so",
                                                .soname = "guest.so",
                                                .build_id = "ab"};

    ffitap__statistics_object_mapped(&object);
    ffitap__function_announce((const void *)(base + 16), "guest");
    call((void *)(base + 16), false);
    ffitap__lock();
    ffitap__function_retire(base, base + 4096);
    ffitap__unlock();
    ffitap__statistics_object_unmapped(&object);
}

Test(tap_statistics, the_file_does_not_grow_when_a_library_comes_and_goes)
{
    const struct ffitap__statistics_header *header = map_file(getpid());
    const struct ffitap__statistics_object *object;

    for (int i = 0; i < 100; i++)
        come_and_go(0x10000);
    const uint64_t used = header->used;
    for (int i = 0; i < 1000; i++)
        come_and_go(0x10000);

    cr_expect(le(u64, header->used, used + 10 * sizeof(struct ffitap__statistics_buckets)));
    object = at(header, header->lists[FFITAP__STATISTICS_OBJECTS]);
    cr_expect(eq(str, text(header, object->path), "/lib/guest.so"));
    cr_expect(eq(u64, object->mapped, 1100));
    cr_expect(eq(u64, object->unmapped, 1100));
}

static void wait_for(int pid)
{
    int status = 0;

    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    cr_expect(eq(int, status, 0));
}

Test(tap_statistics, a_forked_child_has_a_file_of_its_own_from_its_first_call_on)
{
    call((void *)strlen, false);
    const int pid = fork();
    if (pid == 0) {
        const bool had_none = !map_file(getpid());

        call((void *)strcmp, false);
        call((void *)strcmp, false);
        _exit(had_none ? 0 : 1);
    }
    wait_for(pid);
    const struct ffitap__statistics_header *child = map_file(pid);

    cr_assert(ne(ptr, (void *)child, NULL));
    cr_expect(eq(int, child->ppid, getpid()));
    cr_expect(eq(u64, newest_cell(child)->count, 2));
    cr_expect(eq(str,
                 text(child, ((const struct ffitap__statistics_runtime *)at(
                                  child, child->lists[FFITAP__STATISTICS_RUNTIMES]))
                                 ->name),
                 "made-up"));
    cr_expect(ne(u64, child->lists[FFITAP__STATISTICS_OBJECTS], 0));
    cr_expect(eq(u64, newest_cell(map_file(getpid()))->count, 1));
}

/* A child that calls where it finds no folder. */
static int fork_without_folder(void)
{
    const int pid = fork();

    if (pid == 0) {
        remove_folder();
        errno = 77;
        call((void *)strlen, false);
        call((void *)strlen, false);
        _exit(errno == 77 ? 0 : 1);
    }
    wait_for(pid);
    return pid;
}

Test(tap_statistics, a_child_that_can_have_no_file_tells_its_parent)
{
    const struct ffitap__statistics_header *header = map_file(getpid());
    const int pid = fork_without_folder();

    cr_expect(eq(u64, header->unseen_count, 1));
    cr_expect(eq(u64, header->unseen[0], (uint64_t)ENOENT << 32 | (uint32_t)pid));
}

Test(tap_statistics, a_child_of_a_child_without_a_file_tells_the_next_that_has_one)
{
    const struct ffitap__statistics_header *header = map_file(getpid());
    const int child = fork();

    if (child == 0) {
        const int pid = fork_without_folder();
        const uint64_t told = header->unseen[0];

        fork_without_folder();
        _exit((uint32_t)told == (uint32_t)pid ? 0 : 1);
    }
    wait_for(child);
    cr_expect(eq(u64, header->unseen_count, 2));
}

Test(tap_statistics, more_children_without_a_file_than_are_named_are_counted)
{
    const struct ffitap__statistics_header *header = map_file(getpid());

    for (unsigned i = 0; i < FFITAP__STATISTICS_UNSEEN + 3; i++)
        fork_without_folder();
    cr_expect(eq(u64, header->unseen_count, FFITAP__STATISTICS_UNSEEN + 3));
    cr_expect(ne(u64, header->unseen[FFITAP__STATISTICS_UNSEEN - 1], 0));
}

static bool maps_file_of(int pid)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX], name[32];
    bool found = false;

    snprintf(name, sizeof(name), "/%d.0" FFITAP__STATISTICS_SUFFIX, pid);
    while (fgets(line, sizeof(line), maps))
        found = found || strstr(line, name);
    fclose(maps);
    return found;
}

Test(tap_statistics, a_child_with_a_file_lets_go_of_its_parents)
{
    const int parent = getpid();
    const int pid = fork();

    if (pid == 0) {
        const bool had_it = maps_file_of(parent);

        call((void *)strlen, false);
        _exit(had_it && !maps_file_of(parent) && maps_file_of(getpid()) ? 0 : 1);
    }
    wait_for(pid);
    cr_expect(eq(u64, map_file(parent)->unseen_count, 0));
}

/* It leaves an empty file, which says the same. */
Test(tap_statistics, a_child_without_room_for_its_file_tells_nobody_else)
{
    const struct ffitap__statistics_header *header = map_file(getpid());
    const int pid = fork();

    if (pid == 0) {
        const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};

        setrlimit(RLIMIT_FSIZE, &limit);
        call((void *)strlen, false);
        _exit(0);
    }
    wait_for(pid);
    cr_expect(eq(u64, header->unseen_count, 0));
}

/* Nobody told us of it: it must not count in its parent's file. */
Test(tap_statistics, a_child_behind_our_back_counts_nowhere)
{
    call((void *)strlen, false);
    const int pid = (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0) {
        call((void *)strlen, false);
        _exit(0);
    }
    wait_for(pid);
    cr_expect(eq(u64, newest_cell(map_file(getpid()))->count, 1));
}

Test(tap_statistics, a_child_behind_our_back_ends_no_call_of_its_parent)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    ffitap__call_enter(self, runtime, (void *)strlen, false, stack);

    const int pid = (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0) {
        ffitap__call_leave(self, stack);
        call((void *)strlen, false);
        _exit(0);
    }
    wait_for(pid);
    cr_expect(eq(uint, only_thread(map_file(getpid()))->depth, 1));
    ffitap__call_leave(self, stack);
    cr_expect(eq(u64, newest_cell(map_file(getpid()))->count, 1));
}

Test(tap_statistics, a_file_that_is_full_loses_calls_and_says_so)
{
    const struct ffitap__statistics_header *header = map_file(getpid());

    while (ffitap__storage_take(ffitap__storage_current(), 65536))
        ;
    while (ffitap__storage_take(ffitap__storage_current(), 8))
        ;
    call((void *)strlen, false);
    cr_expect(eq(u64, header->used, header->capacity));
    cr_expect(eq(u64, header->lists[FFITAP__STATISTICS_THREADS], 0));
    cr_expect(gt(u64, header->lost[FFITAP__LOST_CALL], 0));
}

Test(tap_statistics, what_is_kept_from_the_start_of_the_program_is_not_the_programs_to_end)
{
    int failure = 0;

    cr_expect(eq(int, ffitap__statistics_end(), FFITAP__STATISTICS_NOT_BEGUN));
    cr_expect(eq(int, ffitap__statistics_begin(folder, &failure), FFITAP__STATISTICS_KEPT_ALREADY));
    call((void *)strlen, false);
    cr_expect(eq(u64, newest_cell(map_file(getpid()))->count, 1));
}

Test(tap_statistics, who_interrupted_the_tap_neither_begins_nor_ends_them)
{
    int failure = 0;

    ffitap__lock();
    cr_expect(eq(int, ffitap__statistics_begin(folder, &failure), FFITAP__STATISTICS_IN_HANDLER));
    cr_expect(eq(int, ffitap__statistics_end(), FFITAP__STATISTICS_IN_HANDLER));
    ffitap__unlock();
}

TestSuite(tap_statistics_start, .fini = remove_folder);

Test(tap_statistics_start, a_folder_that_is_not_there_turns_them_off)
{
    start_in("/no/such/folder");
    cr_expect(not(ffitap__watch_statistics()));
    call((void *)strlen, false);
}

Test(tap_statistics_start, a_relative_folder_is_not_taken)
{
    start_in("tmp");
    cr_expect(not(ffitap__watch_statistics()));
}

/* The kernel would end the process. */
Test(tap_statistics_start, a_limit_of_file_sizes_is_kept)
{
    const struct rlimit limit = {4 << 20, 4 << 20};

    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    setrlimit(RLIMIT_FSIZE, &limit);
    start_in(folder);
    while (ffitap__storage_take(ffitap__storage_current(), 65536))
        ;
    cr_expect(eq(u64, map_file(getpid())->capacity, 4 << 20));
}

/* That it is there and empty says that there was no room. */
Test(tap_statistics_start, a_limit_too_low_for_a_file_turns_them_off_and_leaves_an_empty_one)
{
    const struct rlimit limit = {4096, 4096};
    char path[PATH_MAX];
    struct stat status;

    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    setrlimit(RLIMIT_FSIZE, &limit);
    start_in(folder);
    cr_expect(not(ffitap__watch_statistics()));
    snprintf(path, sizeof(path), "%s/%d.0.stat", folder, (int)getpid());
    cr_assert(eq(int, stat(path, &status), 0));
    cr_expect(eq(long, status.st_size, 0));
}
