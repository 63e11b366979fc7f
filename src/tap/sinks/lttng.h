/*
 * The one place that emits tracepoints. Everything here may be called from any thread at any time,
 * costs one predicted branch while nobody listens, and leaves errno alone.
 */
#ifndef FFITAP_TAP_SINKS_LTTNG_H
#define FFITAP_TAP_SINKS_LTTNG_H

#include <stdbool.h>

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/base/fast.h"
#include "tap/base/watch.h"

/* ffitap__lttng_call(event), ffitap__lttng_load_end(event), ... */
#define X(name, record)                                                                            \
    FFITAP__CROSSING void ffitap__lttng_##name(const struct ffitap__##record *event);
FFITAP__EVENT_MAP(X)
#undef X

/* The sink that emits those events that are told to sinks. */
extern const struct ffitap__sink ffitap__lttng_sink;

/*
 * Makes this thread known to LTTng; without this, the thread's first event does so. For this LTTng
 * takes a lock that it also holds while the process forks. So the caller must hold no lock of ours
 * that a fork waits for: the thread and the fork would wait for each other for ever.
 */
void ffitap__lttng_join(void);

/* The same in a destructor of a thread. LTTng may have forgotten the thread by then, and without
 * this the thread would emit nothing more. */
void ffitap__lttng_join_again(void);

typedef bool ffitap__lttng_question(void);

/* Sets the function that says from now on whether LTTng knows the thread that asks. NULL: there is
 * no such function, and nothing is known about it. */
FFITAP__CROSSING void ffitap__lttng_ask(ffitap__lttng_question *is_known);

/* Whether some session wants an event that only a call gives. */
FFITAP__CROSSING bool ffitap__lttng_asks_for_calls(void);

/* Whether calls are to be recorded: a session wants such an event, or statistics are kept. */
static inline bool ffitap__lttng_wants_calls(void)
{
    return FFITAP__UNLIKELY(ffitap__watch_statistics()) ||
           (FFITAP__UNLIKELY(ffitap__watch_events()) && ffitap__lttng_asks_for_calls());
}

/* Whether some session wants complete calls. */
bool ffitap__lttng_wants_complete_calls(void);

/* Whether some session wants the single moments of calls, and not only complete calls. */
bool ffitap__lttng_wants_moments(void);

/* Whether some session wants the entries or exits of callbacks. */
bool ffitap__lttng_wants_callbacks(void);

#endif
