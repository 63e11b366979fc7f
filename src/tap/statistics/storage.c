#include "tap/statistics/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "arch/arch.h"
#include "tap/base/clock.h"
#include "tap/base/fast.h"
#include "tap/base/lock.h"
#include "tap/base/memory.h"
#include "tap/base/watch.h"

#define CAPACITY      ((uint64_t)64 << 20)
#define STEP          ((uint64_t)64 << 10) /* by which blocks are asked for */
#define SMALLEST      ((uint64_t)1 << 20)

#define NUMBERS       1000u    /* of one process that are tried for a file */
#define OLD_ENOUGH_NS 2000000u /* for a rate that needs no waiting */

static struct ffitap__storage *_Atomic current;
static uint32_t generation;
static uint32_t next_number; /* of this process's files */

/* In a forked child without a file: the first page of the nearest ancestor's that has one. */
static struct ffitap__statistics_header *_Atomic parent;

_Static_assert(sizeof(struct ffitap__statistics_header) <= FFITAP__PAGE, "a header fits a page");

/* How many threads are writing to a header right now, without a hold: the current storage's, a
 * former one's or the parent's. */
static _Atomic uint32_t losing;

struct ffitap__storage *ffitap__storage_current(void)
{
    return atomic_load_explicit(&current, memory_order_acquire);
}

/* The capacity of a new file: no more than the limit on file sizes allows, because writing beyond
 * that would end the process with a signal. */
static uint64_t choose_capacity(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= CAPACITY)
        return CAPACITY;
    return limit.rlim_cur & ~(uint64_t)(FFITAP__PAGE - 1);
}

/* Opens a file that is not there yet. Another program that this process runs has a file of its own,
 * and so has a later process with the same number. */
static int open_new(struct ffitap__storage *storage, const char *folder)
{
    for (const uint32_t end = next_number + NUMBERS; next_number != end;) {
        const int length =
            snprintf(storage->path, sizeof(storage->path), "%s/%d.%u" FFITAP__STATISTICS_SUFFIX,
                     folder, (int)storage->pid, next_number);
        if (length < 0 || (size_t)length >= sizeof(storage->path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int file =
            open(storage->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (file < 0 && errno != EEXIST)
            return -1;
        next_number++;
        if (file >= 0)
            return file;
    }
    return -1;
}

/* Asks for blocks where the kernel cannot do it through the mapping. The file is opened by its
 * name, because a descriptor that we kept open would be in the program's way. */
static bool allocate_blocks(const char *path, uint64_t from, uint64_t to)
{
    const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (file < 0)
        return false;
    const int failure = posix_fallocate(file, (off_t)from, (off_t)(to - from));
    close(file);
    errno = failure;
    return failure == 0;
}

/*
 * Asks for real blocks: a page of a sparse file cannot be written to if the disk has no room for
 * it. The blocks are asked for through the mapping, because a program keeps that when it changes
 * its root or its user, or reaches its limits of files. The mapping becomes accessible only as far
 * as the file has blocks, so that a program that locks its memory locks only what is used.
 */
static bool ask_for_blocks(const struct ffitap__storage *storage, uint64_t from, uint64_t to)
{
    char *mapped = (char *)storage->header;

    if (mprotect(mapped + from, to - from, PROT_READ | PROT_WRITE) != 0)
        return false;
    return madvise(mapped + from, to - from, MADV_POPULATE_WRITE) == 0 ||
           (errno == EINVAL && allocate_blocks(storage->path, from, to));
}

/* False with errno set. */
static bool map_new(struct ffitap__storage *storage, int file)
{
    if (storage->capacity < SMALLEST) {
        errno = EFBIG;
        return false;
    }
    if (ftruncate(file, (off_t)storage->capacity) != 0)
        return false;
    void *mapped = mmap(NULL, storage->capacity, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (mapped == MAP_FAILED)
        return false;
    storage->header = mapped;
    if (ask_for_blocks(storage, 0, STEP))
        return true;
    const int failure = errno;
    munmap(mapped, storage->capacity);
    errno = failure;
    return false;
}

/* Unmaps the parent's page. The page stays mapped if a thread may be writing to it, as dispose()
 * below explains. */
static void let_go_of_parent(void)
{
    struct ffitap__statistics_header *header = atomic_exchange(&parent, NULL);

    if (header && atomic_load(&losing) == 0)
        munmap(header, FFITAP__PAGE);
}

/* Tells in the parent's header that this process does not count, and why. It has no file of its own
 * that could tell. */
static void tell_parent(int failure)
{
    struct ffitap__statistics_header *header = parent;

    if (!header)
        return;
    const uint64_t before =
        atomic_fetch_add_explicit(&header->unseen_count, 1, memory_order_relaxed);
    if (before < FFITAP__STATISTICS_UNSEEN)
        atomic_store_explicit(&header->unseen[before], (uint64_t)failure << 32 | (uint32_t)getpid(),
                              memory_order_release);
}

/* Leaves the file empty or removes it, as `remains` says. False if no file is left. */
static bool leave_empty(const struct ffitap__storage *storage, int file,
                        enum ffitap__storage_remains remains)
{
    if (remains == FFITAP__STORAGE_REMAINS_EMPTY && ftruncate(file, 0) == 0)
        return true;
    unlink(storage->path);
    return false;
}

/* Makes and maps a new file. Returns 0, or an errno. After a failure there is no file or, if
 * `*is_left` says so, an empty one. */
static int open_storage(struct ffitap__storage *storage, const char *folder,
                        enum ffitap__storage_remains remains, bool *is_left)
{
    const int file = open_new(storage, folder);

    if (file < 0)
        return errno;
    const int failure = map_new(storage, file) ? 0 : errno;
    if (failure)
        *is_left = leave_empty(storage, file, remains);
    close(file);
    return failure;
}

static void fill_header(struct ffitap__storage *storage)
{
    struct ffitap__statistics_header *header = storage->header;
    struct timespec wall;

    memcpy(header->magic, FFITAP__STATISTICS_MAGIC, sizeof(header->magic));
    header->version = FFITAP__STATISTICS_VERSION;
    header->header_size = sizeof(*header);
    header->capacity = storage->capacity;
    atomic_store_explicit(&header->used, sizeof(*header), memory_order_relaxed);
    header->pid = storage->pid;
    header->ppid = getppid();
    clock_gettime(CLOCK_REALTIME, &wall);
    header->start_wall_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec;
    ffitap__clock_origin(&header->origin_ticks, &header->origin_ns);
}

static void fill_process(struct ffitap__storage *storage,
                         const struct ffitap__storage_process *process)
{
    struct ffitap__statistics_header *header = storage->header;

    /* The start of the process was noted a moment ago; the reading of the wall clock is moved back
     * by as much. */
    header->start_wall_ns -= (int64_t)(ffitap__clock_monotonic_ns() - process->start_ns);
    header->start_ns = process->start_ns;
    header->exe = ffitap__storage_text(storage, process->exe);
    header->recording = ffitap__storage_text(storage, process->recording);
    void *argv = ffitap__storage_take(storage, process->argv_size);
    if (argv && process->argv_size) {
        memcpy(argv, process->argv, process->argv_size);
        header->argv = ffitap__storage_offset(storage, argv);
        header->argv_size = process->argv_size;
    }
}

static int open_and_fill(struct ffitap__storage *storage, const char *folder,
                         const struct ffitap__storage_process *process,
                         enum ffitap__storage_remains remains, bool *is_left)
{
    storage->pid = getpid();
    storage->capacity = choose_capacity();
    const int failure = open_storage(storage, folder, remains, is_left);

    if (failure)
        return failure;
    storage->generation = ++generation;
    atomic_store_explicit(&storage->blocks_end, STEP, memory_order_relaxed);
    atomic_store_explicit(&storage->holders, 1, memory_order_relaxed);
    fill_header(storage);
    fill_process(storage, process);
    atomic_store_explicit(&storage->header->ready, 1, memory_order_release);
    return 0;
}

int ffitap__storage_create(const char *folder, const struct ffitap__storage_process *process,
                           enum ffitap__storage_remains remains)
{
    const int saved = errno;
    struct ffitap__storage *storage = ffitap__memory_reserve(sizeof(*storage));
    bool is_left = false;
    const int failure =
        storage ? open_and_fill(storage, folder, process, remains, &is_left) : ENOMEM;

    if (!failure) {
        atomic_store(&current, storage);
        let_go_of_parent();
    } else {
        if (storage)
            munmap(storage, sizeof(*storage));
        if (remains == FFITAP__STORAGE_REMAINS_EMPTY && !is_left)
            tell_parent(failure);
    }
    errno = saved;
    return failure;
}

static void unmap(struct ffitap__storage *storage)
{
    munmap(storage->header, storage->capacity);
    munmap(storage, sizeof(*storage));
}

/* Moves the mapping of the file's first page to another place, so that pointers into the file no
 * longer lead to it. NULL if that fails. */
static struct ffitap__statistics_header *move_first_page(struct ffitap__storage *storage)
{
    void *place = mmap(NULL, FFITAP__PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (place == MAP_FAILED)
        return NULL;
    if (mremap(storage->header, FFITAP__PAGE, FFITAP__PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) ==
        place)
        return place;
    munmap(place, FFITAP__PAGE);
    return NULL;
}

/* Puts memory that nobody reads in the place of the part of the file that can be written to. False
 * if that fails; then nothing is mapped there any more. */
static bool become_memory(struct ffitap__storage *storage)
{
    const uint64_t used = atomic_load_explicit(&storage->blocks_end, memory_order_relaxed);

    munmap((char *)storage->header + used, storage->capacity - used);
    storage->capacity = used;
    if (mmap(storage->header, used, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED)
        return true;
    munmap(storage->header, used);
    return false;
}

void ffitap__storage_abandon(void)
{
    static struct ffitap__storage *abandoned; /* by the parent, when it was forked itself */
    struct ffitap__storage *storage = ffitap__storage_current();

    atomic_store(&current, NULL);
    next_number = 0;
    if (abandoned)
        unmap(abandoned);
    abandoned = NULL;
    if (!storage)
        return;
    let_go_of_parent();
    atomic_store(&parent, move_first_page(storage));
    if (become_memory(storage))
        abandoned = storage;
}

struct ffitap__storage *ffitap__storage_hold(void)
{
    struct ffitap__storage *storage = ffitap__storage_current();

    if (storage)
        atomic_fetch_add_explicit(&storage->holders, 1, memory_order_relaxed);
    return storage;
}

/*
 * Losses are counted without a hold. A thread that began to count one while this was the current
 * storage may still be writing to this header; then the header stays mapped where it is, with the
 * beginning of the file. A thread that begins later does not find this storage any more. (This is
 * why `losing` and `current` are accessed in one order that all threads agree on.)
 */
static void dispose(struct ffitap__storage *storage)
{
    const int saved = errno;

    if (atomic_load(&losing) == 0)
        unmap(storage);
    else
        munmap((char *)storage->header + STEP, storage->capacity - STEP);
    errno = saved;
}

void ffitap__storage_release(struct ffitap__storage *storage)
{
    if (atomic_fetch_sub_explicit(&storage->holders, 1, memory_order_acq_rel) == 1)
        dispose(storage);
}

void ffitap__storage_close(void)
{
    struct ffitap__storage *storage = ffitap__storage_current();

    if (!storage)
        return;
    ffitap__storage_tell_rate(storage);
    atomic_store_explicit(&storage->header->stopped_ns, ffitap__clock_monotonic_ns(),
                          memory_order_release);
    atomic_store(&current, NULL);
    ffitap__storage_release(storage);
}

void ffitap__storage_lose_in(struct ffitap__storage *storage,
                             const struct ffitap__lost_event *event)
{
    if (event->what < FFITAP__STATISTICS_LOSSES)
        atomic_fetch_add_explicit(&storage->header->lost[event->what], event->count,
                                  memory_order_relaxed);
}

void ffitap__storage_lose(const struct ffitap__lost_event *event)
{
    atomic_fetch_add(&losing, 1);
    struct ffitap__storage *storage = atomic_load(&current);

    if (storage)
        ffitap__storage_lose_in(storage, event);
    atomic_fetch_sub(&losing, 1);
}

/* The place that was taken, or the number of places if there was none. */
static int take_place(struct ffitap__statistics_header *header, uint64_t moment_ns)
{
    for (int i = 0; i < (int)FFITAP__STATISTICS_UNSEEN; i++) {
        uint64_t free = 0;
        if (atomic_compare_exchange_strong(&header->unnoted[i].moment_ns, &free, moment_ns))
            return i;
    }
    atomic_fetch_add_explicit(&header->unnoted_more, 1, memory_order_relaxed);
    return FFITAP__STATISTICS_UNSEEN;
}

/* The header that losses are written to, or NULL. The caller must count as one of `losing` while it
 * writes there. */
static struct ffitap__statistics_header *header_for_losses(void)
{
    struct ffitap__storage *storage = atomic_load(&current);

    return storage ? storage->header : atomic_load(&parent);
}

int ffitap__storage_tell_unnoted(int32_t pid, uint64_t moment_ns, int failure)
{
    int told = -1;

    atomic_fetch_add(&losing, 1);
    struct ffitap__statistics_header *header = header_for_losses();

    if (header)
        told = take_place(header, moment_ns);
    if (told >= 0 && told < (int)FFITAP__STATISTICS_UNSEEN)
        atomic_store_explicit(&header->unnoted[told].who, (uint64_t)failure << 32 | (uint32_t)pid,
                              memory_order_release);
    atomic_fetch_sub(&losing, 1);
    return told;
}

void ffitap__storage_take_back(int told)
{
    atomic_fetch_add(&losing, 1);
    struct ffitap__statistics_header *header = header_for_losses();

    if (header && told == (int)FFITAP__STATISTICS_UNSEEN) {
        atomic_fetch_sub_explicit(&header->unnoted_more, 1, memory_order_relaxed);
    } else if (header && told >= 0) {
        atomic_store_explicit(&header->unnoted[told].who, 0, memory_order_relaxed);
        atomic_store_explicit(&header->unnoted[told].moment_ns, 0, memory_order_release);
    }
    atomic_fetch_sub(&losing, 1);
}

/*
 * The rate is written again whenever something else is, because it is measured better later. It is
 * also written before the first call if it can be measured without waiting in the call: only with
 * the rate can anybody tell how long a call that never returns has been going on.
 */
void ffitap__storage_tell_rate(struct ffitap__storage *storage)
{
    uint64_t rate = ffitap__clock_known_rate(), ticks, origin_ns;

    ffitap__clock_origin(&ticks, &origin_ns);
    if (!rate && ffitap__clock_monotonic_ns() - origin_ns >= OLD_ENOUGH_NS)
        rate = ffitap__clock_measure_rate();
    atomic_store_explicit(&storage->header->rate, rate, memory_order_relaxed);
}

static void grow(struct ffitap__storage *storage, uint64_t wanted)
{
    const uint64_t had = atomic_load_explicit(&storage->blocks_end, memory_order_relaxed);
    uint64_t end = (wanted + STEP - 1) / STEP * STEP;

    if (end > storage->capacity)
        end = storage->capacity;
    if (end > had && ask_for_blocks(storage, had, end))
        atomic_store_explicit(&storage->blocks_end, end, memory_order_release);
}

static __attribute__((noinline)) bool has_blocks(struct ffitap__storage *storage, uint64_t end)
{
    const int saved = errno;
    const bool locked = ffitap__lock(); /* or this thread holds it already */

    if (end > atomic_load_explicit(&storage->blocks_end, memory_order_relaxed))
        grow(storage, end);
    if (locked)
        ffitap__unlock();
    errno = saved;
    return end <= atomic_load_explicit(&storage->blocks_end, memory_order_relaxed);
}

static uint64_t round_up(uint64_t size, uint64_t multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

/* Hands out a piece of the file. NULL if it does not fit; the rest of the file is then left as it
 * is, for smaller pieces. */
static inline void *take(struct ffitap__storage *storage, uint64_t size, uint64_t alignment)
{
    struct ffitap__statistics_header *header = storage->header;
    uint64_t used = atomic_load_explicit(&header->used, memory_order_relaxed);
    uint64_t start, end;

    do {
        start = round_up(used, alignment);
        end = start + size;
        if (end > storage->capacity ||
            (FFITAP__UNLIKELY(end >
                              atomic_load_explicit(&storage->blocks_end, memory_order_acquire)) &&
             !has_blocks(storage, end)))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&header->used, &used, end, memory_order_release,
                                                    memory_order_relaxed));
    return (char *)header + start;
}

void *ffitap__storage_take(struct ffitap__storage *storage, size_t size)
{
    return take(storage, round_up(size, 8), 8);
}

void *ffitap__storage_take_lines(struct ffitap__storage *storage, size_t size)
{
    return take(storage, size, FFITAP__STORAGE_LINE);
}

uint64_t ffitap__storage_offset(const struct ffitap__storage *storage, const void *piece)
{
    return piece ? (uint64_t)((const char *)piece - (const char *)storage->header) : 0;
}

uint64_t ffitap__storage_text(struct ffitap__storage *storage, const char *text)
{
    struct ffitap__memory_memo *memo = ffitap__memory_memo(text);

    if (!memo)
        return 0;
    if (memo->generation != storage->generation) {
        const size_t size = strlen(text) + 1;
        char *copy = ffitap__storage_take(storage, size);

        if (copy)
            memcpy(copy, text, size);
        memo->offset = ffitap__storage_offset(storage, copy);
        memo->generation = storage->generation;
    }
    return memo->offset;
}

void ffitap__storage_publish(struct ffitap__storage *storage, enum ffitap__statistics_list list,
                             struct ffitap__statistics_link *link, size_t size)
{
    _Atomic uint64_t *head = &storage->header->lists[list];

    link->size = (uint32_t)size;
    link->next = atomic_load_explicit(head, memory_order_relaxed);
    atomic_store_explicit(head, ffitap__storage_offset(storage, link), memory_order_release);
}
