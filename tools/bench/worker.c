#include "bench/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/clock.h"

#define ANSWER_TIMEOUT_MS 60000
#define END_TIMEOUT_NS    (2 * FFITAP_SECOND_NS)

/* Before the calls that are measured, a worker warms up with one more call for every WARMING_PART
 * of them, because it has slept and other processes have used the caches. */
#define WARMING_PART 8

bool ffitap_bench_is_interrupted(struct ffitap_bench_signals *signals)
{
    struct signalfd_siginfo signal;

    while (read(signals->descriptor, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo != SIGCHLD)
            signals->ended_by = (int)signal.ssi_signo;
    }
    return signals->ended_by != 0;
}

bool ffitap_bench_worker_fork(struct ffitap_bench_worker *worker, const char **command,
                              char **environment, const sigset_t *mask)
{
    int line[2];
    char descriptor[16];
    size_t words = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) != 0)
        return false;
    fcntl(line[1], F_SETFD, 0);
    snprintf(descriptor, sizeof descriptor, "%d", line[1]);
    while (command[words])
        words++;
    command[words] = descriptor;
    const bool forked = ffitap_child_fork(&worker->child, command, environment, mask);
    const int error = errno;
    command[words] = NULL;
    close(line[1]);
    worker->line = line[0];
    errno = error;
    return forked;
}

int ffitap_bench_worker_release(struct ffitap_bench_worker *worker)
{
    setpgid(worker->child.pid, worker->child.pid); /* Ctrl-C is for the bench */
    return ffitap_child_release(&worker->child);
}

bool ffitap_bench_worker_hear(struct ffitap_bench_worker *worker,
                              struct ffitap_bench_signals *signals, char *answer, size_t size)
{
    size_t length = 0;

    while (length + 1 < size) {
        struct pollfd ready[] = {{.fd = worker->line, .events = POLLIN},
                                 {.fd = signals->descriptor, .events = POLLIN}};
        if (poll(ready, 2, ANSWER_TIMEOUT_MS) == 0)
            return false;
        if (ready[1].revents && ffitap_bench_is_interrupted(signals))
            return false;
        if (!ready[0].revents)
            continue;
        const ssize_t added = read(worker->line, answer + length, size - 1 - length);
        if (added <= 0)
            return false;
        length += (size_t)added;
        if (answer[length - 1] == '\n') {
            answer[length - 1] = '\0';
            return true;
        }
    }
    return false;
}

static bool ask(struct ffitap_bench_worker *worker, struct ffitap_bench_signals *signals,
                const char *question, uint64_t *number)
{
    char answer[64], *end;

    if (write(worker->line, question, strlen(question)) < 0 ||
        !ffitap_bench_worker_hear(worker, signals, answer, sizeof answer))
        return false;
    *number = strtoull(answer, &end, 10);
    return end != answer && !*end;
}

bool ffitap_bench_worker_measure(struct ffitap_bench_worker *worker,
                                 struct ffitap_bench_signals *signals,
                                 const struct ffitap_bench_row *row, uint64_t count,
                                 uint64_t *elapsed_ns)
{
    const uint64_t warming = count / WARMING_PART;
    char question[96];

    snprintf(question, sizeof question, "%s %u %llu %llu\n", row->loop->name, row->threads,
             (unsigned long long)warming, (unsigned long long)count);
    if (row->loop->makes_calls)
        worker->calls += row->threads * (warming + count);
    return ask(worker, signals, question, elapsed_ns);
}

bool ffitap_bench_worker_is_listened_to(struct ffitap_bench_worker *worker,
                                        struct ffitap_bench_signals *signals)
{
    uint64_t answer = 0;

    return ask(worker, signals, "listening\n", &answer) && answer == 1;
}

void ffitap_bench_worker_end(struct ffitap_bench_worker *worker)
{
    const uint64_t deadline_ns = ffitap_clock_ns() + END_TIMEOUT_NS;
    const struct timespec pause = {.tv_nsec = 1000000};
    struct ffitap_child_end end;

    /* If a worker still waits, the other workers hold its gate open, too. So it would not end if
     * only this end were closed. */
    if (worker->child.pid > 0 && worker->child.gate >= 0)
        kill(worker->child.pid, SIGKILL);
    ffitap_child_abandon(&worker->child);
    if (worker->line >= 0)
        close(worker->line);
    worker->line = -1;
    while (worker->child.pid > 0 && !ffitap_child_reap(&worker->child, &end)) {
        if (ffitap_clock_ns() >= deadline_ns)
            kill(worker->child.pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
}
