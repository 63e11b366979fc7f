#include "tap/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tap/clock.h"
#include "tap/fast.h"
#include "tap/lock.h"
#include "tap/memory.h"

#define CAPACITY ((uint64_t)64 << 20)
#define STEP     ((uint64_t)64 << 10) /* by which blocks are asked for */
#define SMALLEST ((uint64_t)1 << 20)

static struct ffitap__statistics_header *header;
static _Atomic uint64_t blocks_end; /* up to here the file has blocks */
static uint32_t generation;
static char path[PATH_MAX];

struct ffitap__statistics_header *ffitap__storage_header(void)
{
    return header;
}

uint32_t ffitap__storage_generation(void)
{
    return generation;
}

/* A file that may not grow that far would end the process with a signal. */
static uint64_t choose_capacity(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= CAPACITY)
        return CAPACITY;
    return limit.rlim_cur & ~(uint64_t)4095;
}

/* A process that runs another program, and a later one with its number, have files of their own. */
static int open_new(const char *folder)
{
    for (int i = 0; i < 1000; i++) {
        const int length = snprintf(path, sizeof(path), "%s/%d.%d" FFITAP__STATISTICS_SUFFIX,
                                    folder, (int)getpid(), i);
        if (length < 0 || (size_t)length >= sizeof(path))
            return -1;
        const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

/*
 * For kernels that cannot do it through the mapping. By the file's name, for descriptors of ours
 * would be in the program's way.
 */
static bool allocate_blocks(uint64_t from, uint64_t to)
{
    const int file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (file < 0)
        return false;
    const bool done = posix_fallocate(file, (off_t)from, (off_t)(to - from)) == 0;
    close(file);
    return done;
}

/*
 * Real blocks: a page of a sparse file that the disk has no room for cannot be written to. They
 * come through the mapping, which the program takes along into another root, to another user and
 * beyond its limits of files. It is opened only as far as it has them: what the program locks into
 * memory is what is used.
 */
static bool ask_for_blocks(char *mapped, uint64_t from, uint64_t to)
{
    if (mprotect(mapped + from, to - from, PROT_READ | PROT_WRITE) != 0)
        return false;
    return madvise(mapped + from, to - from, MADV_POPULATE_WRITE) == 0 ||
           (errno == EINVAL && allocate_blocks(from, to));
}

static void *map_new(int file, uint64_t capacity)
{
    if (capacity < SMALLEST || ftruncate(file, (off_t)capacity) != 0)
        return NULL;
    void *mapped = mmap(NULL, capacity, PROT_NONE, MAP_SHARED | MAP_NORESERVE, file, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    if (ask_for_blocks(mapped, 0, STEP))
        return mapped;
    munmap(mapped, capacity);
    return NULL;
}

static void fill_header(uint64_t capacity)
{
    struct timespec wall;

    memcpy(header->magic, FFITAP__STATISTICS_MAGIC, sizeof(header->magic));
    header->version = FFITAP__STATISTICS_VERSION;
    header->header_size = sizeof(*header);
    header->capacity = capacity;
    atomic_store_explicit(&header->used, sizeof(*header), memory_order_relaxed);
    header->pid = getpid();
    header->ppid = getppid();
    clock_gettime(CLOCK_REALTIME, &wall);
    header->start_wall_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec;
    ffitap__clock_origin(&header->origin_ticks, &header->origin_ns);
}

static void fill_process(const struct ffitap__storage_process *process)
{
    /* The start was noted a moment ago; the wall's clock is moved back by as much. */
    header->start_wall_ns -= (int64_t)(ffitap__clock_monotonic_ns() - process->start_ns);
    header->start_ns = process->start_ns;
    header->exe = ffitap__storage_text(process->exe);
    header->recording = ffitap__storage_text(process->recording);
    void *argv = ffitap__storage_take(process->argv_size);
    if (argv) {
        memcpy(argv, process->argv, process->argv_size);
        header->argv = ffitap__storage_offset(argv);
        header->argv_size = process->argv_size;
    }
}

bool ffitap__storage_create(const char *folder, const struct ffitap__storage_process *process)
{
    const int saved = errno;
    const uint64_t capacity = choose_capacity();
    const int file = open_new(folder);

    if (file >= 0) {
        header = map_new(file, capacity);
        /* An empty one tells readers that somebody did not count. */
        if (!header && ftruncate(file, 0) != 0)
            unlink(path);
        close(file);
    }
    if (header) {
        generation++;
        atomic_store_explicit(&blocks_end, STEP, memory_order_relaxed);
        fill_header(capacity);
        fill_process(process);
        atomic_store_explicit(&header->ready, 1, memory_order_release);
    }
    errno = saved;
    return header;
}

void ffitap__storage_abandon(void)
{
    if (header)
        munmap(header, header->capacity);
    header = NULL;
}

static void grow(uint64_t wanted)
{
    const uint64_t had = atomic_load_explicit(&blocks_end, memory_order_relaxed);
    uint64_t end = (wanted + STEP - 1) / STEP * STEP;

    if (end > header->capacity)
        end = header->capacity;
    if (end > had && ask_for_blocks((char *)header, had, end))
        atomic_store_explicit(&blocks_end, end, memory_order_release);
}

static __attribute__((noinline)) bool has_blocks(uint64_t end)
{
    const int saved = errno;
    const bool locked = ffitap__lock(); /* or this thread holds it already */

    if (end > atomic_load_explicit(&blocks_end, memory_order_relaxed))
        grow(end);
    if (locked)
        ffitap__unlock();
    errno = saved;
    return end <= atomic_load_explicit(&blocks_end, memory_order_relaxed);
}

/* What is refused is not handed out to anybody else: a piece that is smaller would fit seldom. */
void *ffitap__storage_take(size_t size)
{
    if (!header)
        return NULL;
    size = (size + 7) & ~(size_t)7;
    uint64_t used = atomic_load_explicit(&header->used, memory_order_relaxed);
    uint64_t end;

    do {
        end = used + size;
        if (end > header->capacity ||
            (FFITAP__UNLIKELY(end > atomic_load_explicit(&blocks_end, memory_order_acquire)) &&
             !has_blocks(end)))
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&header->used, &used, end, memory_order_release,
                                                    memory_order_relaxed));
    return (char *)header + used;
}

uint64_t ffitap__storage_offset(const void *piece)
{
    return piece ? (uint64_t)((const char *)piece - (const char *)header) : 0;
}

uint64_t ffitap__storage_text(const char *text)
{
    struct ffitap__memory_memo *memo = ffitap__memory_memo(text);

    if (!memo)
        return 0;
    if (memo->generation != generation) {
        const size_t size = strlen(text) + 1;
        char *copy = ffitap__storage_take(size);

        if (copy)
            memcpy(copy, text, size);
        memo->offset = ffitap__storage_offset(copy);
        memo->generation = generation;
    }
    return memo->offset;
}

void ffitap__storage_publish(enum ffitap__statistics_list list,
                             struct ffitap__statistics_link *link, size_t size)
{
    link->size = (uint32_t)size;
    link->next = atomic_load_explicit(&header->lists[list], memory_order_relaxed);
    atomic_store_explicit(&header->lists[list], ffitap__storage_offset(link), memory_order_release);
}
