#include "recorder/signals.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "recorder/clock.h"

/* SIGTSTP and SIGCONT are missing: Ctrl-Z stops ffitap together with the program, as it should. */
static const int watched[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

static void fill(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        sigaddset(set, watched[i]);
}

void ffitap_signals_block(sigset_t *original)
{
    sigset_t set;

    fill(&set);
    sigprocmask(SIG_BLOCK, &set, original);
}

int ffitap_signals_open(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    fill(&set);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Whether the signal has to be passed on. A signal from the terminal goes to all processes in the
 * foreground, so the program has it already. */
static bool is_for_program(const struct signalfd_siginfo *signal)
{
    return signal->ssi_signo != SIGCHLD && signal->ssi_code <= 0;
}

/* Waits until `descriptor` can be read; false if the deadline came first. */
static bool wait_for_any(int descriptor, uint64_t deadline_ns)
{
    struct pollfd ready = {.fd = descriptor, .events = POLLIN};
    const uint64_t now_ns = ffitap_clock_ns();
    const uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    const struct timespec left = {
        .tv_sec = (time_t)(left_ns / FFITAP_SECOND_NS),
        .tv_nsec = (long)(left_ns % FFITAP_SECOND_NS),
    };

    return ppoll(&ready, 1, deadline_ns == UINT64_MAX ? NULL : &left, NULL) != 0;
}

void ffitap_signals_wait(int descriptor, pid_t pid, uint64_t deadline_ns)
{
    struct signalfd_siginfo signal;

    while (read(descriptor, &signal, sizeof signal) != sizeof signal) {
        if (!wait_for_any(descriptor, deadline_ns))
            return;
    }
    if (is_for_program(&signal) && pid > 0)
        kill(pid, (int)signal.ssi_signo);
}

bool ffitap_signals_asked_to_end(int descriptor)
{
    struct signalfd_siginfo signal;
    bool asked = false;

    while (read(descriptor, &signal, sizeof signal) == sizeof signal)
        asked |= signal.ssi_signo == SIGINT || signal.ssi_signo == SIGTERM ||
                 signal.ssi_signo == SIGHUP || signal.ssi_signo == SIGQUIT;
    return asked;
}
