/*
 * Before the program, a process of ffitap's own registers with the session daemon. LTTng allocates
 * and clears a user's buffers when the first process registers: this way the program does not wait
 * for it, and what goes wrong is known before the program runs and not only in the daemon's log.
 */
#ifndef FFITAP_TOOL_REHEARSAL_H
#define FFITAP_TOOL_REHEARSAL_H

#include <stdbool.h>

#include "events.h"

/* What a forked child that does not exec needs to stay in the recording. */
#define FFITAP_FORK_LIBRARY "liblttng-ust-fork.so.1"

/*
 * Registers by way of FFITAP_FORK_LIBRARY, with the daemon under `home` or, if that is NULL, the
 * system's, and looks into `directory` for the streams of `set`. False, having said why, if the
 * library does not load or a stream is missing.
 */
bool ffitap_rehearsal_run(const char *home, const char *directory, enum ffitap_event_set set);

#endif
