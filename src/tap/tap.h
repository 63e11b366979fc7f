/*
 * The tap: what the shim and the core report to. It keeps what is known of this process (objects,
 * functions, runtimes, the calls of each thread) and emits the events.
 */
#ifndef FFITAP_TAP_TAP_H
#define FFITAP_TAP_TAP_H

#include <ffitap/export.h>

#include "tap/event.h"

/*
 * Emits every definition there is (process, runtimes, objects, functions), for a session that has
 * just started. Called from LTTng's listener thread.
 */
FFITAP__CROSSING void ffitap__tap_describe_process(void);

/* Counts something that could not be recorded, and says so to whoever listens. */
FFITAP__CROSSING void ffitap__tap_lose(enum ffitap__loss what);

#endif
