#include "recorder/lttng/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "recorder/directory.h"
#include "recorder/lttng/system_daemon.h"
#include "recorder/message.h"

#define DAEMON          "lttng-sessiond"
#define STOP_TIMEOUT_MS 5000
#define JOIN_TIMEOUT_MS 10000
#define JOIN_PAUSE_MS   20

/* Where the keeper has its descriptors. */
enum { LIFELINE = 3, NEWS, SIGNALS };

static const int watched[] = {SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1};

static void tell(enum ffitap_keeper_news news)
{
    const char letter = (char)news;

    if (write(NEWS, &letter, 1) < 0) {
        /* Nothing to do: if ffitap is gone, the lifeline says so. */
    }
}

/* Leads the standard streams to /dev/null and the log, puts the pipes in their places, and closes
 * everything else. */
static void arrange_descriptors(const char *home, int lifeline, int news)
{
    char log[4096];

    snprintf(log, sizeof log, "%s/" FFITAP_KEEPER_LOG, home);
    lifeline = fcntl(lifeline, F_DUPFD_CLOEXEC, SIGNALS + 1);
    news = fcntl(news, F_DUPFD_CLOEXEC, SIGNALS + 1);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int text = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dup2(nothing, STDIN_FILENO);
    dup2(text >= 0 ? text : nothing, STDOUT_FILENO);
    dup2(STDOUT_FILENO, STDERR_FILENO);
    dup3(lifeline, LIFELINE, O_CLOEXEC);
    dup3(news, NEWS, O_CLOEXEC);
    close_range(SIGNALS, ~0U, 0);
}

static void watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        sigaddset(&set, watched[i]);
    sigprocmask(SIG_SETMASK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Raises the limit of descriptors, under which a user's daemon runs; root's daemon sets its own
 * limit. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static _Noreturn void exec_daemon(const struct ffitap_keeper_task *task)
{
    char nothing[4096];
    sigset_t none;
    /* --load: an empty directory, so that sessions configured to start with a daemon do not. */
    const char *argv[] = {DAEMON,
                          "--no-kernel",
                          "--sig-parent",
                          "--load",
                          nothing,
                          "--group",
                          task->is_root ? "root" : NULL,
                          NULL};

    snprintf(nothing, sizeof nothing, "%s/nothing", task->home);
    mkdir(nothing, 0700);
    if (!task->is_root || task->is_shared)
        argv[5] = NULL;
    if (!task->is_shared)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    setenv("LC_ALL", "C", 1);
    unsetenv("LD_PRELOAD");
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(DAEMON, (char **)argv);
    if (errno == ENOENT)
        tell(FFITAP_KEEPER_MISSING);
    else
        ffitap_say(DAEMON ": %s", strerror(errno));
    _exit(FFITAP_EXIT_NOT_FOUND);
}

/* Reaps all children that have ended, the daemon's orphans too. Returns whether `daemon` was one of
 * them. */
static bool reap(pid_t daemon)
{
    bool ended = false;

    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
        ended |= pid == daemon;
    return ended;
}

/* Waits for one of `count` descriptors; signals that ask the keeper to end are ignored. */
static void wait_for_news(int timeout_ms, bool *lifeline_closed)
{
    struct pollfd ready[] = {{.fd = SIGNALS, .events = POLLIN}, {.fd = LIFELINE, .events = POLLIN}};
    struct signalfd_siginfo signal;

    poll(ready, lifeline_closed ? 2 : 1, timeout_ms);
    while (read(SIGNALS, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo == SIGUSR1)
            tell(FFITAP_KEEPER_READY);
    }
    if (lifeline_closed)
        *lifeline_closed = ready[1].revents != 0;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether ffitap lived to say that the daemon has nothing left to write. */
static bool is_all_written(void)
{
    char byte;

    return read(LIFELINE, &byte, 1) == 1;
}

/* Has the daemon write what is buffered, and end. */
static void stop_daemon(pid_t daemon)
{
    const int64_t deadline = now_ms() + STOP_TIMEOUT_MS;
    bool ended = false;

    kill(daemon, SIGTERM);
    for (int64_t left; !ended && (left = deadline - now_ms()) > 0; ended = reap(daemon))
        wait_for_news((int)left, NULL);
}

/* The consumer daemons are in the daemon's process group, and the keeper's children by now. */
static void end_group(pid_t daemon)
{
    kill(-daemon, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0) {
    }
}

/* Waits until ffitap is gone or done. Returns whether the daemon still runs then. */
static bool keep(pid_t daemon)
{
    bool lifeline_closed = false;
    bool ended = false;

    while (!lifeline_closed) {
        wait_for_news(-1, &lifeline_closed);
        if (daemon > 0 && !ended && reap(daemon)) {
            ended = true;
            tell(FFITAP_KEEPER_LOST);
        }
    }
    return !ended;
}

static pid_t start_daemon(const struct ffitap_keeper_task *task)
{
    const pid_t pid = fork();

    if (pid == 0)
        exec_daemon(task);
    if (pid < 0)
        ffitap_say("fork: %s", strerror(errno));
    return pid;
}

static void keep_private_daemon(const struct ffitap_keeper_task *task)
{
    const pid_t daemon = start_daemon(task);

    if (daemon < 0)
        return;
    if (keep(daemon) && !is_all_written())
        stop_daemon(daemon);
    end_group(daemon);
}

/* Several recordings may start it at once: one daemon wins, and serves all of them. */
static bool join_system_daemon(const struct ffitap_keeper_task *task)
{
    const int64_t deadline = now_ms() + JOIN_TIMEOUT_MS;
    bool lifeline_closed = false;
    pid_t daemon = 0;

    while (!ffitap_system_daemon_is_ready()) {
        if (daemon == 0 && !ffitap_system_daemon_is_alive())
            daemon = start_daemon(task);
        wait_for_news(JOIN_PAUSE_MS, &lifeline_closed);
        if (reap(daemon))
            daemon = 0;
        if (daemon < 0 || lifeline_closed || now_ms() > deadline)
            return false;
    }
    if (daemon > 0)
        ffitap_system_daemon_mark(daemon);
    tell(FFITAP_KEEPER_READY);
    return true;
}

static void keep_system_daemon(const struct ffitap_keeper_task *task)
{
    if (join_system_daemon(task))
        keep(0);
    ffitap_system_daemon_leave(task->session);
}

_Noreturn void ffitap_keeper_run(const struct ffitap_keeper_task *task, int lifeline, int news)
{
    setsid();
    prctl(PR_SET_NAME, "ffitap-keeper");
    prctl(PR_SET_CHILD_SUBREAPER, !task->is_shared);
    raise_descriptor_limit();
    arrange_descriptors(task->home, lifeline, news);
    watch_signals();
    if (task->is_shared)
        keep_system_daemon(task);
    else
        keep_private_daemon(task);
    ffitap_directory_remove_tree(task->home);
    _exit(0);
}
