/*
 * The tap: what the shim and the core report to. It keeps what is known of this process (objects,
 * functions, runtimes, the calls of each thread) and emits the events.
 */
#ifndef FFITAP_TAP_TAP_H
#define FFITAP_TAP_TAP_H

#include <ffitap/export.h>

#include "tap/event.h"

/* The environment variables that ffitap reads inside a host, all of them. */
#define FFITAP__ENV_RECORDING                                                                      \
    "FFITAP_RECORDING"                   /* token of the recording this process is part of */
#define FFITAP__ENV_LTTNG "FFITAP_LTTNG" /* "0": nothing of LTTng is loaded on our account */
#define FFITAP__ENV_STAT_DIR                                                                       \
    "FFITAP_STAT_DIR" /* absolute path of the folder for the statistics file; not if setuid */
#define FFITAP__ENV_FILTER                                                                         \
    "FFITAP_FILTER" /* tap/filter.h's patterns; what is no filter leaves nothing out; as above */

/*
 * Emits every definition there is (process, runtimes, objects, functions), for a session that has
 * just started. Called from LTTng's listener thread.
 */
FFITAP__CROSSING void ffitap__tap_describe_process(void);

/* Counts something that could not be recorded, and says so to whoever listens. */
FFITAP__CROSSING void ffitap__tap_lose(enum ffitap__loss what);

#endif
