/* How many events a trace holds. LTTng does not say, and so all events have to be read. */
#ifndef FFITAP_TOOLS_RECORDER_EVENT_COUNT_H
#define FFITAP_TOOLS_RECORDER_EVENT_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct ffitap_event_count {
    uint64_t events;
    bool complete; /* else time ran out and there are more */
};

/* Counts for about `budget_ms` at most. False if the trace cannot be read. */
bool ffitap_event_count_read(const char *directory, unsigned budget_ms,
                             struct ffitap_event_count *count);

#endif
