/*
 * Before the program, a process of ffitap's own registers with the session daemon. LTTng allocates
 * and clears a user's buffers when the first process registers: this way the program does not wait
 * for it, and what goes wrong is known before the program runs and not only in the daemon's log.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_WARM_UP_H
#define FFITAP_TOOLS_RECORDER_LTTNG_WARM_UP_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder/lttng/events.h"

struct ffitap_warm_up {
    pid_t pid; /* 0: none */
    int line;  /* closing it ends the process */
};

/*
 * Registers by way of FFITAP_FORK_LIBRARY (preload.h), with the daemon under `home` or, if that is
 * NULL, with the system's, and looks into `directory` for the streams of `set`. The process then
 * idles until ffitap_warm_up_end(), which must be called in any case. It does not end before,
 * because LTTng's consumer daemon pauses for 200 ms when a process ends. False, having said why, if
 * the library does not load or a stream is missing.
 */
bool ffitap_warm_up_start(struct ffitap_warm_up *warm_up, const char *home, const char *directory,
                          enum ffitap_event_set set);

void ffitap_warm_up_end(struct ffitap_warm_up *warm_up);

#endif
