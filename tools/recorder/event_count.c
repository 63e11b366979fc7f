#include "recorder/event_count.h"

#include <string.h>

#include "recorder/files.h"
#include "report/read/graph.h"

static void count_event(void *data, const bt_message *message)
{
    uint64_t *events = data;

    *events += bt_message_get_type(message) == BT_MESSAGE_TYPE_EVENT;
}

bool ffitap_event_count_read(const char *directory, unsigned budget_ms,
                             struct ffitap_event_count *count)
{
    const int64_t deadline_us = g_get_monotonic_time() + (int64_t)budget_ms * 1000;
    glob_t found;

    *count = (struct ffitap_event_count){0};
    if (!ffitap_files_find(directory, "ust/uid/*/*/metadata", &found))
        return false;
    for (size_t i = 0; i < found.gl_pathc; i++)
        *strrchr(found.gl_pathv[i], '/') = '\0';
    const GPtrArray traces = {.pdata = (gpointer *)found.gl_pathv, .len = (guint)found.gl_pathc};
    char *why = ffitap__graph_run_unordered(&traces, deadline_us, count_event, &count->events,
                                            &count->complete);
    const bool readable = !why;
    g_free(why);
    globfree(&found);
    return readable;
}
