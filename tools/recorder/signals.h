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
 * Passes on to `pid` what somebody sent to ffitap and not the terminal to the whole foreground.
 */
void ffitap_signals_wait(int descriptor, pid_t pid, uint64_t deadline_ns);

/* Takes what is pending off `descriptor`: whether it was a wish for ffitap to end. */
bool ffitap_signals_asked_to_end(int descriptor);

#endif
