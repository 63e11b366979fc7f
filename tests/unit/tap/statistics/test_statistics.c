#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kept.h"
#include "tap/statistics/arena.h"
#include "tap/calls/call.h"
#include "tap/known/function.h"
#include "tap/known/library.h"
#include "tap/base/lock.h"
#include "tap/statistics/statistics.h"

TestSuite(tap_statistics, .init = kept_start, .fini = kept_remove);

Test(tap_statistics, the_header_says_what_process_it_is)
{
    static const char argv[] = "program\0argument";
    const struct ffitap__statistics_header *header = kept_file(getpid());

    cr_assert(ne(ptr, (void *)header, NULL));
    cr_expect(eq(int, memcmp(header->magic, FFITAP__STATISTICS_MAGIC, 8), 0));
    cr_expect(eq(uint, header->version, FFITAP__STATISTICS_VERSION));
    cr_expect(eq(uint, header->ready, 1));
    cr_expect(eq(int, header->pid, getpid()));
    cr_expect(eq(int, header->ppid, getppid()));
    cr_expect(eq(str, kept_text(header, header->exe), "/usr/bin/program"));
    cr_expect(eq(str, kept_text(header, header->recording), "token"));
    cr_expect(eq(int, memcmp(kept_at(header, header->argv), argv, sizeof(argv)), 0));
    cr_expect(gt(u64, header->start_ns, 0));
}

Test(tap_statistics, lookups_are_added_up_by_what_they_are_of)
{
    struct ffitap__library_step lookup;

    for (int i = 0; i < 3; i++) {
        ffitap__library_lookup_begin(&lookup, "nothing", (void *)strlen);
        lookup.ended = lookup.begun;
        ffitap__library_lookup_end(&lookup, NULL, NULL, NULL, "no such thing");
    }
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_lookup *counted =
        kept_at(header, header->lists[FFITAP__STATISTICS_LOOKUPS]);

    cr_assert(ne(ptr, (void *)counted, NULL));
    cr_expect(eq(str, kept_text(header, counted->symbol), "nothing"));
    cr_expect(eq(str, kept_text(header, counted->error), "no such thing"));
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
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_load *counted =
        kept_at(header, header->lists[FFITAP__STATISTICS_LOADS]);

    cr_expect(eq(str, kept_text(header, counted->name), "libnothing.so"));
    cr_expect(eq(u64, counted->count, 2));
    cr_expect(eq(u64, counted->failed, 2));
    cr_expect(gt(u64, counted->max_ns, 0));
    cr_expect(ge(u64, counted->total_ns, 2 * counted->max_ns - 1));
}

Test(tap_statistics, what_the_tap_keeps_leaves_errno_alone)
{
    errno = 77;
    kept_call_with_window((void *)strlen);
    cr_expect(eq(int, errno, 77));
}

/* A library comes, a function of it is called, and the library goes again. */
static void come_and_go(uintptr_t base)
{
    const struct ffitap__object_event object = {.base = base,
                                                .size = 4096,
                                                .path = "/lib/guest.so",
                                                .soname = "guest.so",
                                                .build_id = "ab"};

    ffitap__statistics_sink.object_mapped(&object);
    ffitap__function_announce((const void *)(base + 16), "guest");
    kept_call((void *)(base + 16), false);
    ffitap__lock();
    ffitap__function_retire(base, base + 4096);
    ffitap__unlock();
    ffitap__statistics_sink.object_unmapped(&object);
}

Test(tap_statistics, the_file_does_not_grow_when_a_library_comes_and_goes)
{
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const struct ffitap__statistics_object *object;

    for (int i = 0; i < 100; i++)
        come_and_go(0x10000);
    const uint64_t used = header->used;
    for (int i = 0; i < 1000; i++)
        come_and_go(0x10000);

    cr_expect(le(u64, header->used, used + FFITAP__ARENA_MOST));
    object = kept_at(header, header->lists[FFITAP__STATISTICS_OBJECTS]);
    cr_expect(eq(str, kept_text(header, object->path), "/lib/guest.so"));
    cr_expect(eq(u64, object->mapped, 1100));
    cr_expect(eq(u64, object->unmapped, 1100));
}

Test(tap_statistics, a_forked_child_has_a_file_of_its_own_from_its_first_call_on)
{
    kept_call((void *)strlen, false);
    const int pid = fork();
    if (pid == 0) {
        const bool had_none = !kept_file(getpid());

        kept_call((void *)strcmp, false);
        kept_call((void *)strcmp, false);
        _exit(had_none ? 0 : 1);
    }
    kept_wait_for(pid);
    const struct ffitap__statistics_header *child = kept_file(pid);

    cr_assert(ne(ptr, (void *)child, NULL));
    cr_expect(eq(int, child->ppid, getpid()));
    cr_expect(eq(u64, kept_newest_cell(child)->count, 2));
    cr_expect(eq(str,
                 kept_text(child, ((const struct ffitap__statistics_runtime *)kept_at(
                                       child, child->lists[FFITAP__STATISTICS_RUNTIMES]))
                                      ->name),
                 "made-up"));
    cr_expect(ne(u64, child->lists[FFITAP__STATISTICS_OBJECTS], 0));
    cr_expect(eq(u64, kept_newest_cell(kept_file(getpid()))->count, 1));
}

/* Forks a child that makes its calls when the folder is gone. */
static int fork_without_folder(void)
{
    const int pid = fork();

    if (pid == 0) {
        kept_remove();
        errno = 77;
        kept_call((void *)strlen, false);
        kept_call((void *)strlen, false);
        _exit(errno == 77 ? 0 : 1);
    }
    kept_wait_for(pid);
    return pid;
}

Test(tap_statistics, a_child_that_can_have_no_file_tells_its_parent)
{
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const int pid = fork_without_folder();

    cr_expect(eq(u64, header->unseen_count, 1));
    cr_expect(eq(u64, header->unseen[0], (uint64_t)ENOENT << 32 | (uint32_t)pid));
}

Test(tap_statistics, a_child_of_a_child_without_a_file_tells_the_next_that_has_one)
{
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const int child = fork();

    if (child == 0) {
        const int pid = fork_without_folder();
        const uint64_t told = header->unseen[0];

        fork_without_folder();
        _exit((uint32_t)told == (uint32_t)pid ? 0 : 1);
    }
    kept_wait_for(child);
    cr_expect(eq(u64, header->unseen_count, 2));
}

Test(tap_statistics, more_children_without_a_file_than_are_named_are_counted)
{
    const struct ffitap__statistics_header *header = kept_file(getpid());

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

        kept_call((void *)strlen, false);
        _exit(had_it && !maps_file_of(parent) && maps_file_of(getpid()) ? 0 : 1);
    }
    kept_wait_for(pid);
    cr_expect(eq(u64, kept_file(parent)->unseen_count, 0));
}

/* The child leaves an empty file, which says that there was no room. */
Test(tap_statistics, a_child_without_room_for_its_file_tells_nobody_else)
{
    const struct ffitap__statistics_header *header = kept_file(getpid());
    const int pid = fork();

    if (pid == 0) {
        const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};

        setrlimit(RLIMIT_FSIZE, &limit);
        kept_call((void *)strlen, false);
        _exit(0);
    }
    kept_wait_for(pid);
    cr_expect(eq(u64, header->unseen_count, 0));
}

/* The tap does not know of this child. It must not count in its parent's file. */
Test(tap_statistics, a_child_behind_our_back_counts_nowhere)
{
    kept_call((void *)strlen, false);
    const int pid = (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0) {
        kept_call((void *)strlen, false);
        _exit(0);
    }
    kept_wait_for(pid);
    cr_expect(eq(u64, kept_newest_cell(kept_file(getpid()))->count, 1));
}

Test(tap_statistics, a_child_behind_our_back_ends_no_call_of_its_parent)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    ffitap__call_enter(self, kept_runtime, (void *)strlen, false, stack);

    const int pid = (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0) {
        ffitap__call_leave(self, stack);
        kept_call((void *)strlen, false);
        _exit(0);
    }
    kept_wait_for(pid);
    cr_expect(eq(uint, kept_thread(kept_file(getpid()))->depth, 1));
    ffitap__call_leave(self, stack);
    cr_expect(eq(u64, kept_newest_cell(kept_file(getpid()))->count, 1));
}

Test(tap_statistics, a_file_that_is_full_loses_calls_and_says_so)
{
    const struct ffitap__statistics_header *header = kept_file(getpid());

    while (ffitap__storage_take(ffitap__storage_current(), 65536))
        ;
    while (ffitap__storage_take(ffitap__storage_current(), 8))
        ;
    kept_call((void *)strlen, false);
    cr_expect(eq(u64, header->used, header->capacity));
    cr_expect(eq(u64, header->lists[FFITAP__STATISTICS_THREADS], 0));
    cr_expect(gt(u64, header->lost[FFITAP__LOST_CALL], 0));
}

Test(tap_statistics, what_is_kept_from_the_start_of_the_program_is_not_the_programs_to_end)
{
    int failure = 0;

    cr_expect(eq(int, ffitap__statistics_end(), FFITAP__STATISTICS_NOT_BEGUN));
    cr_expect(
        eq(int, ffitap__statistics_begin(kept_folder, &failure), FFITAP__STATISTICS_KEPT_ALREADY));
    kept_call((void *)strlen, false);
    cr_expect(eq(u64, kept_newest_cell(kept_file(getpid()))->count, 1));
}

Test(tap_statistics, who_interrupted_the_tap_neither_begins_nor_ends_them)
{
    int failure = 0;

    ffitap__lock();
    cr_expect(
        eq(int, ffitap__statistics_begin(kept_folder, &failure), FFITAP__STATISTICS_IN_HANDLER));
    cr_expect(eq(int, ffitap__statistics_end(), FFITAP__STATISTICS_IN_HANDLER));
    ffitap__unlock();
}

TestSuite(tap_statistics_start, .fini = kept_remove);

Test(tap_statistics_start, a_folder_that_is_not_there_turns_them_off)
{
    kept_start_in("/no/such/folder");
    cr_expect(not(ffitap__watch_statistics()));
    kept_call((void *)strlen, false);
}

Test(tap_statistics_start, a_relative_folder_is_not_taken)
{
    kept_start_in("tmp");
    cr_expect(not(ffitap__watch_statistics()));
}

/* If the limit were passed, the kernel would end the process. */
Test(tap_statistics_start, a_limit_of_file_sizes_is_kept)
{
    const struct rlimit limit = {4 << 20, 4 << 20};

    cr_assert(ne(ptr, mkdtemp(kept_folder), NULL));
    setrlimit(RLIMIT_FSIZE, &limit);
    kept_start_in(kept_folder);
    while (ffitap__storage_take(ffitap__storage_current(), 65536))
        ;
    cr_expect(eq(u64, kept_file(getpid())->capacity, 4 << 20));
}

/* An empty file says that there was no room. */
Test(tap_statistics_start, a_limit_too_low_for_a_file_turns_them_off_and_leaves_an_empty_one)
{
    const struct rlimit limit = {4096, 4096};
    char path[PATH_MAX];
    struct stat status;

    cr_assert(ne(ptr, mkdtemp(kept_folder), NULL));
    setrlimit(RLIMIT_FSIZE, &limit);
    kept_start_in(kept_folder);
    cr_expect(not(ffitap__watch_statistics()));
    snprintf(path, sizeof(path), "%s/%d.0.stat", kept_folder, (int)getpid());
    cr_assert(eq(int, stat(path, &status), 0));
    cr_expect(eq(long, status.st_size, 0));
}
