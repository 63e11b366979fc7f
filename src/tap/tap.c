#include "tap/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap/base/clock.h"
#include "tap/base/environment.h"
#include "tap/base/filter.h"
#include "tap/base/lock.h"
#include "tap/base/watch.h"
#include "tap/calls/call.h"
#include "tap/calls/tally.h"
#include "tap/calls/thread.h"
#include "tap/known/exec.h"
#include "tap/known/function.h"
#include "tap/known/runtime.h"
#include "tap/known/scan.h"
#include "tap/layout.h"
#include "tap/sinks/lttng.h"
#include "tap/sinks/sink.h"
#include "tap/statistics/statistics.h"

#define COMMAND_LINE_MAX 4096
#define TOKEN_MAX        64

static struct {
    uint64_t start_ns;
    char exe[PATH_MAX];
    uint8_t argv[COMMAND_LINE_MAX];
    uint32_t argv_size;
    char recording[TOKEN_MAX];
} process;

FFITAP__LAYOUT_STAMP const uint64_t ffitap__layout = FFITAP__LAYOUT;

/* All sinks. They are told in this order. */
static const struct ffitap__sink *const sinks[] = {
    &ffitap__lttng_sink,
    &ffitap__statistics_sink,
    NULL,
};

static void read_command_line(void)
{
    const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    const ssize_t size = read(fd, process.argv, sizeof(process.argv));
    process.argv_size = size > 0 ? (uint32_t)size : 0;
    close(fd);
}

static void describe_self(void (*tell)(const struct ffitap__process_event *event))
{
    tell(&(struct ffitap__process_event){
        .pid = getpid(),
        .ppid = getppid(),
        .start_ns = process.start_ns,
        .exe = process.exe,
        .argv = process.argv,
        .argv_size = process.argv_size,
        .recording = process.recording,
    });
}

void ffitap__tap_describe(const struct ffitap__sink *to)
{
    if (to->process)
        describe_self(to->process);
    if (to->runtime)
        ffitap__runtime_describe_all(to->runtime);
    if (to->object_mapped)
        ffitap__object_describe_all(to->object_mapped);
    if (to->function)
        ffitap__function_describe_all(to->function);
}

void ffitap__tap_describe_process(void)
{
    if (!ffitap__lock())
        return;
    ffitap__tap_describe(&ffitap__lttng_sink);
    ffitap__unlock();
}

/*
 * What fork(2) makes is another process, and one that starts now. In this order:
 *   1. the lock, which its parent took before it forked: what follows may need it;
 *   2. the loads that are under way, which go on in the parent alone;
 *   3. the statistics, which let go of the parent's file;
 *   4. this thread, whose calls no longer count in that file, which is only memory by now;
 *   5. the watch, which says anew what is wanted. Until then nothing is, so that a signal handler's
 *      call finds all of the above done, or is not measured.
 */
static void start_child(void)
{
    ffitap__lock_after_fork();
    process.start_ns = ffitap__clock_monotonic_ns();
    ffitap__object_start_child();
    const bool statistics = ffitap__statistics_start_child(process.start_ns);
    ffitap__call_start_child();
    ffitap__watch_start_child(statistics);
}

/* Notes of the programs that are run are wanted even if no file could be made, because a reader
 * looks for them. */
static void start_statistics(void)
{
    const char *folder = secure_getenv(FFITAP__ENV_STAT_DIR);
    const struct ffitap__storage_process who = {
        .exe = process.exe,
        .argv = process.argv,
        .argv_size = process.argv_size,
        .recording = process.recording,
        .start_ns = process.start_ns,
    };

    if (!ffitap__lock())
        return;
    const enum ffitap__statistics_answer answer =
        ffitap__statistics_start(folder, &who, ffitap__tap_describe);
    ffitap__unlock();
    if (answer != FFITAP__STATISTICS_NOT_BEGUN)
        ffitap__exec_start(folder);
    if (answer == FFITAP__STATISTICS_DONE)
        ffitap__exec_arrive();
}

static void read_process(void)
{
    const char *token = getenv(FFITAP__ENV_RECORDING);

    process.start_ns = ffitap__clock_monotonic_ns();
    const ssize_t size = readlink("/proc/self/exe", process.exe, sizeof(process.exe) - 1);
    process.exe[size > 0 ? size : 0] = '\0';
    read_command_line();
    if (token && strlen(token) < sizeof(process.recording))
        strcpy(process.recording, token);
}

/*
 * The tap's only constructor of its own, so that its parts start in this order, however they are
 * linked. (LTTng's header brings two more constructors into this library. They make tracepoints
 * ready, and use nothing that is started here.)
 *   1. the clock, which all that follows reads. A statistics file begins with a moment on this
 *      clock, without which nobody can tell how long a call in flight has lasted;
 *   2. the watch's page, before anybody can want calls: otherwise a child that is made behind
 *      fork(3)'s back would find there what its parent wants;
 *   3. the lock, before it is taken for the first time. A thread is made known to LTTng before it
 *      waits for the lock: see ffitap__lttng_join();
 *   4. the end of threads, before a thread has its first call;
 *   5. what is said of the process, and the filter, before a function is known whose calls the
 *      filter could leave out. Everything is read now: later the host may have changed its
 *      directory, root or environment;
 *   6. the handlers of fork(2), before there is a file that a child must let go of;
 *   7. the sinks, before anything is told, and the statistics, before anything is counted;
 *   8. at last the objects, which are the first to be told.
 */
__attribute__((constructor)) static void start(void)
{
    const int saved = errno;
    struct ffitap__filter_flaw flaw; /* the command that sets the filter reports it */

    ffitap__clock_init();
    ffitap__watch_init();
    ffitap__lock_init(ffitap__lttng_join);
    ffitap__thread_init(ffitap__call_end_thread);
    read_process();
    ffitap__filter_set(secure_getenv(FFITAP__ENV_FILTER), &flaw);
    pthread_atfork(ffitap__lock_before_fork, ffitap__lock_after_fork, start_child);
    ffitap__sink_init(sinks);
    start_statistics();
    ffitap__object_update(0);
    errno = saved;
}

/* Ends this thread's hold on the file. Other threads hold it until they end, or have counted in two
 * later files. */
static void let_go(struct ffitap__thread *self)
{
    if (!self || self->depth)
        return;
    ffitap__thread_forget(self);
    ffitap__tally_destroy_all(self);
}

enum ffitap__statistics_answer ffitap__tap_end_statistics(void)
{
    const enum ffitap__statistics_answer answer = ffitap__statistics_end();

    if (answer == FFITAP__STATISTICS_DONE)
        let_go(ffitap__thread_self);
    return answer;
}
