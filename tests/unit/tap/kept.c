#include "kept.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lttng_double.h"
#include "tap/calls/call.h"
#include "tap/base/lock.h"
#include "tap/known/runtime.h"
#include "tap/tap.h"

#ifdef WITHOUT_PROVIDER
bool lttng_double_is_there = false;
#endif

char kept_folder[] = "/tmp/ffitap-test-statistics-XXXXXX";
uint16_t kept_runtime;
static const uint8_t argv[] = "program\0argument";

void kept_start_in(const char *where)
{
    ffitap__lock();
    ffitap__statistics_start(where,
                             &(struct ffitap__storage_process){
                                 .exe = "/usr/bin/program",
                                 .argv = argv,
                                 .argv_size = sizeof(argv),
                                 .recording = "token",
                                 .start_ns = ffitap__clock_monotonic_ns(),
                             },
                             ffitap__tap_describe);
    ffitap__unlock();
}

void kept_start(void)
{
    cr_assert(ne(ptr, mkdtemp(kept_folder), NULL));
    kept_start_in(kept_folder);
    kept_runtime =
        ffitap__runtime_add("made-up", "/lib/made-up.so", "release", FFITAP__LOCK_ALWAYS);
}

void kept_remove(void)
{
    glob_t files;
    char pattern[64];

    snprintf(pattern, sizeof(pattern), "%s/*", kept_folder);
    if (glob(pattern, 0, NULL, &files) == 0)
        for (size_t i = 0; i < files.gl_pathc; i++)
            unlink(files.gl_pathv[i]);
    globfree(&files);
    rmdir(kept_folder);
}

/* The file of `pid`, as a reader maps it; NULL if there is none. */
const struct ffitap__statistics_header *kept_file(int pid)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%d.0" FFITAP__STATISTICS_SUFFIX, kept_folder, pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    const off_t size = lseek(file, 0, SEEK_END);
    void *mapped = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    cr_assert(ne(ptr, mapped, MAP_FAILED));
    return mapped;
}

const void *kept_at(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : NULL;
}

char *kept_text(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (char *)header + offset : "";
}

const struct ffitap__statistics_thread *kept_thread(const struct ffitap__statistics_header *header)
{
    const struct ffitap__statistics_thread *thread =
        kept_at(header, header->lists[FFITAP__STATISTICS_THREADS]);

    cr_assert(ne(ptr, (void *)thread, NULL));
    cr_assert(eq(u64, thread->link.next, 0));
    return thread;
}

const struct ffitap__statistics_cell *
kept_newest_cell(const struct ffitap__statistics_header *header)
{
    const struct ffitap__statistics_cell *cell = kept_at(header, kept_thread(header)->cells);

    cr_assert(ne(ptr, (void *)cell, NULL));
    cr_assert(eq(uint, cell->sequence % 2, 0));
    return cell;
}

uint64_t kept_sum(const struct ffitap__statistics_header *header, uint64_t offset)
{
    uint64_t sum = 0;
    const struct ffitap__statistics_buckets *piece = kept_at(header, offset);

    for (; piece; piece = kept_at(header, piece->next))
        for (unsigned i = 0; i < FFITAP__STATISTICS_BUCKETS; i++)
            sum += piece->is_scattered ? ffitap__statistics_scattered_count(piece->counts[i])
                                       : piece->counts[i];
    return sum;
}

void kept_call(void *address, bool has_lock)
{
    struct ffitap__thread *self = ffitap__thread_get();
    const uintptr_t stack = (uintptr_t)__builtin_frame_address(0);
    ffitap__call_enter(self, kept_runtime, address, has_lock, stack);

    ffitap__call_leave(self, stack);
}

void kept_call_with_window(void *address)
{
    struct ffitap__thread *self = ffitap__thread_get();

    ffitap__call_lock_released(self, kept_runtime);
    kept_call(address, true);
    ffitap__call_lock_wanted(self);
    ffitap__call_lock_held(self, (uintptr_t)__builtin_frame_address(0));
}

void kept_wait_for(int pid)
{
    int status = 0;

    cr_assert(gt(int, pid, 0));
    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    cr_expect(eq(int, status, 0));
}
