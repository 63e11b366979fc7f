/*
 * What the tap knows and sees is told to sinks, which are handed in at the start: code that tells
 * something does not know who listens. Only calls and callbacks themselves take a shorter way
 * (tap/calls/call.h, tap/calls/callback.h).
 */
#ifndef FFITAP_TAP_SINKS_SINK_H
#define FFITAP_TAP_SINKS_SINK_H

#include "tap/base/event.h"

/* Called at the start. `all` ends with NULL and stays as it is. Until then nothing is told to
 * anybody. */
void ffitap__sink_init(const struct ffitap__sink *const *all);

/* ffitap__tell_runtime(event), ffitap__tell_load_end(event), ...: each tells every sink that wants
 * the event. */
#define X(name, record) void ffitap__tell_##name(const struct ffitap__##record *event);
FFITAP__TOLD_EVENT_MAP(X)
#undef X

/* Tells every sink but `one` of a loss: see ffitap__lose_beside(). */
void ffitap__tell_lost_beside(const struct ffitap__sink *one,
                              const struct ffitap__lost_event *event);

#endif
