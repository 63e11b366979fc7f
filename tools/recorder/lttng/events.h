/*
 * Which events a recording holds. Definitions go to a channel of their own, so that a flood of
 * calls cannot push out what gives the calls their names.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_EVENTS_H
#define FFITAP_TOOLS_RECORDER_LTTNG_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

/* Bits of ffitap_event.sets. */
enum ffitap_event_set {
    FFITAP_EVENTS_LOADS = 1u << 0,
    FFITAP_EVENTS_CALLS = 1u << 1,
    FFITAP_EVENTS_DETAIL = 1u << 2,
};

enum ffitap_channel {
    FFITAP_CHANNEL_DEFINITIONS,
    FFITAP_CHANNEL_CALLS,
};

#define FFITAP_CHANNEL_COUNT 2

struct ffitap_event {
    const char *name; /* as LTTng knows it, "ffitap:call" */
    enum ffitap_channel channel;
    unsigned sets; /* that hold it */
};

extern const struct ffitap_event ffitap_events[];
extern const size_t ffitap_event_count;

/* The channels' names, by enum ffitap_channel. They name the trace's stream files too. */
extern const char *const ffitap_channel_names[FFITAP_CHANNEL_COUNT];

/* Finds the set that --events calls `name`. Returns false if there is none. */
bool ffitap_events_find(const char *name, enum ffitap_event_set *set);

/* Whether a recording of `set` has any event in `channel`. */
bool ffitap_events_use(enum ffitap_event_set set, enum ffitap_channel channel);

#endif
