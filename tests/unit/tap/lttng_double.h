/*
 * Stands in for src/tap/sinks/lttng.c: keeps the events that the tap and the core emit, for a test
 * to look at, instead of handing them to LTTng.
 */
#ifndef FFITAP_TESTS_LTTNG_DOUBLE_H
#define FFITAP_TESTS_LTTNG_DOUBLE_H

#include <stdbool.h>

#include "tap/sinks/lttng.h"

#define LTTNG_DOUBLE_KEPT 8192u

/* Whether there is a provider, as a test without one says by defining this as false. */
extern bool lttng_double_is_there;

/* Whether calls are wanted, as ffitap__lttng_asks_for_calls() answers; true at first. */
extern bool lttng_double_wants_calls;

/* Whether callbacks are wanted by themselves, as ffitap__lttng_wants_callbacks() answers. */
extern bool lttng_double_wants_callbacks;

/* Forgets every event. */
void lttng_double_reset(void);

/* The names of the events since then, in order, each followed by a blank. */
const char *lttng_double_names(void);

/*
 * For each event x: lttng_double_x_count() returns how many there were, and lttng_double_x(i) the
 * i-th from the last, 0 being the last itself. If there is no such event, the test fails.
 */
#define X(name, record)                                                                            \
    unsigned lttng_double_##name##_count(void);                                                    \
    const struct ffitap__##record *lttng_double_##name(unsigned from_last);
FFITAP__EVENT_MAP(X)
#undef X

#endif
