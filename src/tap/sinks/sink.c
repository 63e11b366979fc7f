#include "tap/sinks/sink.h"

#include <stddef.h>

static const struct ffitap__sink *const none[] = {NULL};
static const struct ffitap__sink *const *sinks = none;

void ffitap__sink_init(const struct ffitap__sink *const *all)
{
    sinks = all;
}

#define X(name, record)                                                                            \
    void ffitap__tell_##name(const struct ffitap__##record *event)                                 \
    {                                                                                              \
        for (const struct ffitap__sink *const *sink = sinks; *sink; sink++)                        \
            if ((*sink)->name)                                                                     \
                (*sink)->name(event);                                                              \
    }
FFITAP__TOLD_EVENT_MAP(X)
#undef X

void ffitap__tell_lost_beside(const struct ffitap__sink *one,
                              const struct ffitap__lost_event *event)
{
    for (const struct ffitap__sink *const *sink = sinks; *sink; sink++)
        if (*sink != one && (*sink)->lost)
            (*sink)->lost(event);
}
