#include "recorder/lttng/events.h"

#include <string.h>

#include "report/base/recording.h"

#define ALWAYS (FFITAP_EVENTS_LOADS | FFITAP_EVENTS_CALLS | FFITAP_EVENTS_DETAIL)
#define CALLS  (FFITAP_EVENTS_CALLS | FFITAP_EVENTS_DETAIL)
#define DETAIL FFITAP_EVENTS_DETAIL

const struct ffitap_event ffitap_events[] = {
    {"ffitap:process", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:runtime", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:object_mapped", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:object_unmapped", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:function", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:load_begin", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:load_end", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:unload", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:lookup", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:lost", FFITAP_CHANNEL_DEFINITIONS, ALWAYS},
    {"ffitap:call", FFITAP_CHANNEL_CALLS, CALLS},
    {"ffitap:callback_entry", FFITAP_CHANNEL_CALLS, CALLS},
    {"ffitap:callback_exit", FFITAP_CHANNEL_CALLS, CALLS},
    {"ffitap:call_entry", FFITAP_CHANNEL_CALLS, DETAIL},
    {"ffitap:call_exit", FFITAP_CHANNEL_CALLS, DETAIL},
    {"ffitap:gil_release", FFITAP_CHANNEL_CALLS, DETAIL},
    {"ffitap:gil_acquire", FFITAP_CHANNEL_CALLS, DETAIL},
    {"ffitap:errno_swap", FFITAP_CHANNEL_CALLS, DETAIL},
    {"ffitap:last_error_swap", FFITAP_CHANNEL_CALLS, DETAIL},
};

const size_t ffitap_event_count = sizeof ffitap_events / sizeof *ffitap_events;

const char *const ffitap_channel_names[FFITAP_CHANNEL_COUNT] = {
    [FFITAP_CHANNEL_DEFINITIONS] = "definitions",
    [FFITAP_CHANNEL_CALLS] = "calls",
};

static const struct {
    const char *name;
    enum ffitap_event_set set;
} sets[] = {
    {"calls", FFITAP_EVENTS_CALLS},
    {"detail", FFITAP_EVENTS_DETAIL},
    {FFITAP_RECORDING_EVENTS_LOADS, FFITAP_EVENTS_LOADS},
};

bool ffitap_events_find(const char *name, enum ffitap_event_set *set)
{
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (strcmp(name, sets[i].name) == 0) {
            *set = sets[i].set;
            return true;
        }
    }
    return false;
}

bool ffitap_events_use(enum ffitap_event_set set, enum ffitap_channel channel)
{
    for (size_t i = 0; i < ffitap_event_count; i++) {
        if (ffitap_events[i].channel == channel && (ffitap_events[i].sets & set))
            return true;
    }
    return false;
}
