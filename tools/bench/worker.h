/*
 * A process that makes the calls, seen from the bench. A worker waits most of the time. The bench
 * asks one worker after another, so that nothing runs but what is measured.
 */
#ifndef FFITAP_TOOLS_BENCH_WORKER_H
#define FFITAP_TOOLS_BENCH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/rows.h"
#include "recorder/child.h"

/* The signals that ask the bench to end. They are read from a descriptor (recorder/signals.h). */
struct ffitap_bench_signals {
    int descriptor;
    int ended_by; /* the signal that asked, 0: none */
};

/* Whether a signal has asked the bench to end. */
bool ffitap_bench_is_interrupted(struct ffitap_bench_signals *signals);

struct ffitap_bench_worker {
    enum ffitap_bench_program program;
    enum ffitap_bench_state state;
    struct ffitap_child child;
    int line;       /* requests go out, answers come in; -1: none */
    uint64_t calls; /* that it has made so far and that ffitap should have counted */
};

/*
 * Forks the process, which waits at its gate. `command` has room for one more word, which names the
 * worker's end of the line. False with errno set.
 */
bool ffitap_bench_worker_fork(struct ffitap_bench_worker *worker, const char **command,
                              char **environment, const sigset_t *mask);

/* Lets the worker go, in a process group of its own. Returns 0 or the errno of the exec that
 * failed. */
int ffitap_bench_worker_release(struct ffitap_bench_worker *worker);

/*
 * Reads a line from the worker into `answer`, of `size` bytes, without the newline. False if the
 * worker ended or said nothing for a long time, or if `signals` asked to end first.
 */
bool ffitap_bench_worker_hear(struct ffitap_bench_worker *worker,
                              struct ffitap_bench_signals *signals, char *answer, size_t size);

/* Has the worker do the loop of `row` `count` times, after some more to warm up. False as above. */
bool ffitap_bench_worker_measure(struct ffitap_bench_worker *worker,
                                 struct ffitap_bench_signals *signals,
                                 const struct ffitap_bench_row *row, uint64_t count,
                                 uint64_t *elapsed_ns);

/* Whether a session wants the worker's calls. */
bool ffitap_bench_worker_is_listened_to(struct ffitap_bench_worker *worker,
                                        struct ffitap_bench_signals *signals);

/* Ends the worker, whatever it is doing, and waits until it is gone. */
void ffitap_bench_worker_end(struct ffitap_bench_worker *worker);

#endif
