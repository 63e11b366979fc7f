/*
 * A signal handler that makes a call, at every instruction of another call, after the statistics
 * were stopped and started again. The processor traps after each instruction, and the handler has
 * another thread stop and start them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lttng_double.h"
#include "open.h"
#include "tap/statistics/file.h"

bool lttng_double_is_there = false;

/* The instructions that a sanitizer adds are not the tap's. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STRIDE 101
#else
#define STRIDE 3
#endif

static char folder[] = "/dev/shm/ffitap-test-interruption-XXXXXX";
static struct ffitap_function *absolute;
static sem_t wanted, done;
static uint64_t calls_made, restarts_that_waited;
static volatile long step, act_at;
static volatile bool acted;

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void call(void)
{
    int argument = -3;

    calls_made++;
    check(ffitap_function_call(absolute, NULL, (void *[]){&argument}, 1, NULL) == FFITAP_OK);
}

static void restart(void)
{
    check(ffitap_statistics_stop(NULL) == FFITAP_OK);
    check(ffitap_statistics_start(folder, NULL) == FFITAP_OK);
}

static atomic_int restarter; /* that thread's id, once it has begun to restart */

static void *restart_whenever_wanted(void *unused)
{
    while (sem_wait(&wanted) == 0) {
        restarter = gettid();
        restart();
        sem_post(&done);
    }
    return unused;
}

/* Whether one of our threads sleeps. It does not use the C library's streams, because the handler
 * may have interrupted code that does. */
static bool is_asleep(int thread)
{
    char path[64], text[128] = "";

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    check(file >= 0 && read(file, text, sizeof(text) - 1) > 0);
    close(file);
    const char *behind_name = strrchr(text, ')');
    return behind_name && strncmp(behind_name, ") S", 3) == 0;
}

/* Whether the restart comes to its end. If it does not, it waits for a lock that the interrupted
 * thread holds. */
static bool restart_is_done(void)
{
    for (;; sched_yield()) {
        const bool waits = restarter && is_asleep(restarter);

        if (sem_trywait(&done) == 0)
            return true;
        if (waits)
            return false;
    }
}

/*
 * If the interrupted thread holds the tap's lock, the restart has to wait, and comes later.
 */
static void on_step(int number)
{
    (void)number;
    if (step++ != act_at)
        return;
    acted = true;
    restarter = 0;
    sem_post(&wanted);
    if (restart_is_done())
        sem_post(&done);
    else
        restarts_that_waited++;
    call();
}

#define START_STEPPING() __asm__ volatile("pushf; orq $0x100, (%%rsp); popf" ::: "cc", "memory")
#define STOP_STEPPING()  __asm__ volatile("pushf; andq $~0x100, (%%rsp); popf" ::: "cc", "memory")

/* Returns whether the handler came to act. */
static bool interrupt_a_call_at(long instruction)
{
    act_at = instruction;
    step = 0;
    acted = false;
    START_STEPPING();
    call();
    STOP_STEPPING();
    if (acted)
        sem_wait(&done);
    return acted;
}

static void remove_folder(void)
{
    DIR *stream = opendir(folder);

    for (const struct dirent *entry; stream && (entry = readdir(stream));)
        unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream)
        closedir(stream);
    rmdir(folder);
}

static void begin(void)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = on_step, .sa_flags = SA_NODEFER};

    setenv("FFITAP_LTTNG", "0", 1);
    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    absolute = borrow_same(open_library(NULL, FFITAP_CDLL, 0), "abs", FFITAP_TYPE_INT);
    sem_init(&wanted, 0, 0);
    sem_init(&done, 0, 0);
    sigaction(SIGTRAP, &action, NULL);
    cr_assert(eq(int, ffitap_statistics_start(folder, NULL), FFITAP_OK));
    cr_assert(eq(int, pthread_create(&thread, NULL, restart_whenever_wanted, NULL), 0));
}

TestSuite(core_statistics_interruption, .init = begin, .fini = remove_folder, .timeout = 1000);

static const void *at(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : NULL;
}

static void add_thread(const struct ffitap__statistics_header *header,
                       const struct ffitap__statistics_thread *thread, uint64_t *calls)
{
    for (const struct ffitap__statistics_cell *cell = at(header, thread->cells); cell;
         cell = at(header, cell->link.next))
        *calls += cell->count;
}

/* How many calls a file counts or says are lost. */
static uint64_t calls_in(int folder_at, const char *name)
{
    struct stat status;
    const int file = openat(folder_at, name, O_RDONLY | O_CLOEXEC);
    uint64_t calls = 0;

    cr_assert(ge(int, file, 0));
    fstat(file, &status);
    const struct ffitap__statistics_header *header =
        mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    cr_assert(ne(ptr, (void *)header, MAP_FAILED));
    for (const struct ffitap__statistics_thread *thread =
             at(header, header->lists[FFITAP__STATISTICS_THREADS]);
         thread; thread = at(header, thread->link.next))
        add_thread(header, thread, &calls);
    calls += header->lost[0];
    munmap((void *)header, (size_t)status.st_size);
    return calls;
}

static uint64_t calls_in_all(void)
{
    DIR *stream = opendir(folder);
    uint64_t calls = 0;

    for (const struct dirent *entry; (entry = readdir(stream));)
        if (*entry->d_name != '.')
            calls += calls_in(dirfd(stream), entry->d_name);
    closedir(stream);
    return calls;
}

/* A call that is made between a stop and a start, because the start had to wait, is in no file. */
static void expect_all_counted(void)
{
    const uint64_t counted = calls_in_all();

    cr_expect(le(u64, counted, calls_made));
    cr_expect(ge(u64, counted + restarts_that_waited, calls_made));
}

/* The function of the interrupted call was called before, and counted in the former file. */
Test(core_statistics_interruption, a_handler_calls_after_a_restart)
{
    long instruction = 0;

    call();
    while (interrupt_a_call_at(instruction)) {
        call();
        instruction += STRIDE;
    }
    cr_expect(gt(i64, instruction, 100));
    cr_expect(lt(u64, restarts_that_waited, 20));
    expect_all_counted();
}

/* The interrupted call is the first in its file, and so goes the slow way. */
Test(core_statistics_interruption, a_handler_calls_after_a_restart_in_a_call_of_the_slow_way)
{
    long instruction = 0;

    do {
        restart();
        instruction += STRIDE * 97;
    } while (interrupt_a_call_at(instruction));
    cr_expect(gt(i64, instruction, 1000));
    expect_all_counted();
}
