/* The program that a command runs and watches, from looking for it to the exit status that ffitap
 * passes on. While it runs, signals that were meant for it reach it. */
#ifndef FFITAP_TOOLS_RECORDER_PROGRAM_H
#define FFITAP_TOOLS_RECORDER_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "recorder/child.h"
#include "recorder/preload.h"
#include "report/base/recording.h"

struct ffitap_program {
    const char **command;
    struct ffitap_child child;
    sigset_t mask; /* that ffitap was started with, and the program is */
    int signals;   /* signals.h's descriptor */
};

/* What is done again and again while the program runs. */
struct ffitap_program_beat {
    uint64_t interval_ns; /* 0: nothing is done */
    void (*beat)(void *data);
    void *data;
};

/*
 * Checks whether `command` names a program. Changes nothing. Returns 0, or ffitap's exit status,
 * having said why there is no such program.
 */
int ffitap_program_probe(const char **command);

/*
 * Call this before anything is made that has to be removed again. From here on ffitap's signals are
 * blocked; signals that come before the program runs reach the program later. Keeps a pointer to
 * `command`.
 */
void ffitap_program_init(struct ffitap_program *program, const char **command);

/*
 * Forks the program, which waits for ffitap_program_start(), with the environment that
 * ffitap_preload_environment() makes of `what` and the `count` `variables`. False, having said why.
 */
bool ffitap_program_fork(struct ffitap_program *program, enum ffitap_preload what,
                         const struct ffitap_variable *variables, size_t count);

/* Lets the program go. Returns 0, or ffitap's exit status, having said why. */
int ffitap_program_start(struct ffitap_program *program);

/* Ends a program that was not started; nothing happens to any other, or to none. */
void ffitap_program_abandon(struct ffitap_program *program);

/*
 * Waits for the end of the program, and writes into `recording` how it ended. `beat` may be NULL.
 */
void ffitap_program_wait(struct ffitap_program *program, struct ffitap_recording *recording,
                         const struct ffitap_program_beat *beat);

/* ffitap's exit status after a program that ended as `recording` says. */
int ffitap_program_exit_status(const struct ffitap_recording *recording);

#endif
