/*
 * Sinks, which are told what a recording holds, thing by thing. A reader knows nothing but a sink.
 * It tells the sink the events of a trace in order of time, and of a statistics file the sums of
 * many events and what the file says of its process. The model (report/model/model.h) is one sink.
 * A sink that writes single events needs no model.
 *
 * The sink borrows all that it is told, strings too, for the duration of the call. Strings are
 * never NULL unless their record says so.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_SINK_H
#define FFITAP_TOOLS_REPORT_MODEL_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "report/base/exec_note.h"
#include "report/model/tables.h"
#include "tap/base/event.h"

/* When and where something happened. */
struct ffitap__at {
    int64_t wall_ns;   /* since 1970 */
    uint64_t clock_ns; /* of the trace's clock, CLOCK_MONOTONIC as a rule */
    int32_t pid;       /* 0 if the trace does not say */
    int32_t tid;
};

/* The events of a trace that a sink is told, with their records. The report makes nothing of the
 * tap's other events. */
#define FFITAP__REPORT_EVENTS(X)                                                                   \
    X(process, process_event)                                                                      \
    X(runtime, runtime_event)                                                                      \
    X(object_mapped, object_event)                                                                 \
    X(object_unmapped, object_event)                                                               \
    X(function, function_event)                                                                    \
    X(load_begin, load_event)                                                                      \
    X(load_end, load_event)                                                                        \
    X(lookup, lookup_event)                                                                        \
    X(call, call_event)                                                                            \
    X(call_entry, call_edge_event)                                                                 \
    X(call_exit, call_edge_event)                                                                  \
    X(callback_exit, callback_event)                                                               \
    X(lost, lost_event)

/*
 * Sums that a statistics file holds in the place of events. Some have the type of a row of the
 * report's tables, but are in no table: their texts are in no pool. As in a row, a load's name may
 * be NULL.
 */
#define FFITAP__REPORT_SUMS(X)                                                                     \
    X(object_sum, report_object)                                                                   \
    X(load_sum, load)                                                                              \
    X(lookup_sum, lookup)                                                                          \
    X(call_sum, call_sum)                                                                          \
    X(callback_sum, callback_sum)

/* The calls of one function through one runtime in the thread `at->tid`. There is at least one. */
struct ffitap__call_sum {
    uint32_t function_id;
    uint16_t runtime_id;
    const struct ffitap__report_function *calls; /* the name and the kind of lock are not set */
};

/* The callbacks out of a function (0: out of no known call) through one runtime. */
struct ffitap__callback_sum {
    uint32_t function_id;
    uint16_t runtime_id;
    const struct ffitap__histogram *duration;
};

/* What else there is to know, with the argument that it is told by. */
#define FFITAP__REPORT_REMARKS(X)                                                                  \
    /* A trace has an event, of whatever kind; what it says, if anything, is told next. */         \
    X(event, const struct ffitap__at *)                                                            \
    /* The innermost call of the thread has left native code, and waits for its lock. */           \
    X(call_waits, const struct ffitap__at *)                                                       \
    /* Statistics were kept of the thread, whether it made calls or not. */                        \
    X(thread, const struct ffitap__at *)                                                           \
    /* A process made calls, or may have made some, and left no statistics. */                     \
    X(unseen, const struct ffitap__unseen *)                                                       \
    X(started, const struct ffitap__started *)                                                     \
    X(statistics_end, const struct ffitap__statistics_end *)                                       \
    /* A moment, since 1970, at which something was going on. */                                   \
    X(moment, int64_t)                                                                             \
    /* The moment, since 1970, up to which what never ended has lasted; it counts alone. \ */      \
    X(until, int64_t)                                                                              \
    /* The name of the clock that the times come from. */                                          \
    X(clock, const char *)                                                                         \
    X(discarded_events, uint64_t)                                                                  \
    X(discarded_packets, uint64_t)                                                                 \
    /* A sentence: what could not be read. */                                                      \
    X(damage, const char *)                                                                        \
    /* Why reading a trace stopped here, before its end. */                                        \
    X(cut, const char *)

/* A process of which nothing is known. */
struct ffitap__unseen {
    int32_t pid; /* 0: not known */
    bool called; /* it made foreign calls */
    const char *why;
};

/* The end of what a statistics file tells. */
struct ffitap__statistics_end {
    int32_t pid;
    bool is_whole;   /* the file is undamaged */
    bool is_stopped; /* the program went on without statistics */
};

/* What a sink wants to be told: a function for each thing, NULL for a thing that it does not want.
 * Each function gets the sink's `data`. */
struct ffitap__report_told {
#define X(name, record)                                                                            \
    void (*name)(void *data, const struct ffitap__at *at, const struct ffitap__##record *told);
    FFITAP__REPORT_EVENTS(X)
    FFITAP__REPORT_SUMS(X)
#undef X
#define X(name, type) void (*name)(void *data, type told);
    FFITAP__REPORT_REMARKS(X)
#undef X
    bool (*statistics_begin)(void *data, const struct ffitap__at *at,
                             const struct ffitap__process_event *process);
};

struct ffitap__report_sink {
    const struct ffitap__report_told *told;
    void *data;
};

/* ffitap__feed_call(sink, at, event), ffitap__feed_load_sum(sink, at, load), ... */
#define X(name, record)                                                                            \
    static inline void ffitap__feed_##name(const struct ffitap__report_sink *sink,                 \
                                           const struct ffitap__at *at,                            \
                                           const struct ffitap__##record *told)                    \
    {                                                                                              \
        if (sink->told->name)                                                                      \
            sink->told->name(sink->data, at, told);                                                \
    }
FFITAP__REPORT_EVENTS(X)
FFITAP__REPORT_SUMS(X)
#undef X

/* ffitap__feed_thread(sink, at), ffitap__feed_clock(sink, name), ... */
#define X(name, type)                                                                              \
    static inline void ffitap__feed_##name(const struct ffitap__report_sink *sink, type told)      \
    {                                                                                              \
        if (sink->told->name)                                                                      \
            sink->told->name(sink->data, told);                                                    \
    }
FFITAP__REPORT_REMARKS(X)
#undef X

/*
 * Begins a process that a statistics file tells of. Until ffitap__tell_statistics_end(), what is
 * told of `at->pid` comes from that file. All files come before any trace. Returns false if the
 * sink has no use for the process, because it belongs to another recording; the end is told all the
 * same.
 */
static inline bool ffitap__feed_statistics_begin(const struct ffitap__report_sink *sink,
                                                 const struct ffitap__at *at,
                                                 const struct ffitap__process_event *process)
{
    return !sink->told->statistics_begin || sink->told->statistics_begin(sink->data, at, process);
}

/* ffitap__feed_damage() with the sentence made as by printf(3). */
void ffitap__feed_damage_as(const struct ffitap__report_sink *sink, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

#endif
