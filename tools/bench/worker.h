/*
 * A process that makes the calls, seen from the bench. It waits most of the time: the bench asks
 * one after another, so that nothing runs but what is measured.
 */
#ifndef FFITAP_TOOLS_BENCH_WORKER_H
#define FFITAP_TOOLS_BENCH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/rows.h"
#include "recorder/child.h"

/* Signals that ask the bench to end are taken off a descriptor (recorder/signals.h) meanwhile. */
struct ffitap_bench_signals {
    int descriptor;
    int ended_by; /* the signal that asked, 0: none */
};

/* Whether one has asked. */
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

/* Lets it go, in a process group of its own. Returns 0 or the errno of the exec that failed. */
int ffitap_bench_worker_release(struct ffitap_bench_worker *worker);

/*
 * Reads a line that it says into `answer`, of `size` bytes, without its end. False if it ended, or
 * said nothing for long, or if `signals` asked to end first.
 */
bool ffitap_bench_worker_hear(struct ffitap_bench_worker *worker,
                              struct ffitap_bench_signals *signals, char *answer, size_t size);

/* Has the worker do the loop of `row` so often, after some more to warm up. False as above. */
bool ffitap_bench_worker_measure(struct ffitap_bench_worker *worker,
                                 struct ffitap_bench_signals *signals,
                                 const struct ffitap_bench_row *row, uint64_t count,
                                 uint64_t *elapsed_ns);

/* Whether a session wants its calls. */
bool ffitap_bench_worker_is_listened_to(struct ffitap_bench_worker *worker,
                                        struct ffitap_bench_signals *signals);

/* Ends it, wherever it is, and waits until it is gone. */
void ffitap_bench_worker_end(struct ffitap_bench_worker *worker);

#endif
