/*
 * How ffitap deals with signals while the traced program runs: it blocks them and reads them from
 * a descriptor, so that none is lost and none interrupts anything.
 */
#ifndef FFITAP_TOOLS_RECORDER_SIGNALS_H
#define FFITAP_TOOLS_RECORDER_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Blocks what ffitap watches; `*original` is the mask that the traced program is to have. */
void ffitap_signals_block(sigset_t *original);

/*
 * Makes the descriptor of the blocked signals. From here on ffitap ignores SIGPIPE and can wait for
 * children, whatever it inherited: call it when the traced program is forked. Returns -1 with errno
 * set.
 */
int ffitap_signals_open(void);

/*
 * Waits for the next signal, but not beyond `deadline_ns` (CLOCK_MONOTONIC; UINT64_MAX: for ever).
 * A signal that somebody sent to ffitap alone is passed on to `pid`; one that the terminal sent is
 * not, because the whole foreground has it already.
 */
void ffitap_signals_wait(int descriptor, pid_t pid, uint64_t deadline_ns);

/* Takes the pending signals off `descriptor`. Returns whether one of them asks ffitap to end. */
bool ffitap_signals_asked_to_end(int descriptor);

#endif
