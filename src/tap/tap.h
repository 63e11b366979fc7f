/*
 * The tap: what the shim and the core report to. It keeps what is known of this process (objects,
 * functions, runtimes, the calls of each thread) and tells it to sinks. Only tap.c starts its
 * parts, in a process and in a forked child, and connects them with each other.
 */
#ifndef FFITAP_TAP_TAP_H
#define FFITAP_TAP_TAP_H

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/statistics/statistics.h"

/* Tells `to` every definition there is: process, runtimes, objects, functions. With the tap's lock
 * held. */
void ffitap__tap_describe(const struct ffitap__sink *to);

/* Emits all of these definitions, for a session that has just started. Called from LTTng's listener
 * thread, and when the provider is loaded. */
FFITAP__CROSSING void ffitap__tap_describe_process(void);

/* Keeps no statistics from now on, if the program itself has begun them; this thread lets go of
 * their file. */
FFITAP__CROSSING enum ffitap__statistics_answer ffitap__tap_end_statistics(void);

#endif
