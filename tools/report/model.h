/*
 * The model of a recording: what the readers feed, event by event in order of time, and what the
 * writers write. Memory grows with processes, threads, functions, loads, lookups and objects, not
 * with events.
 *
 * Three things make it more than adding up:
 * - ids of functions and runtimes belong to a program image: an exec starts them anew;
 * - a definition may come late, twice, or never (a fork's child that died early goes by its
 *   parent's), and what was counted under its id meanwhile must find it;
 * - a session daemon that others use too carries their processes as well: a process that says it
 *   belongs to another recording is left out, with all that came before it said so.
 * And two sources may tell of the same process: report/sources.h says which one counts.
 */
#ifndef FFITAP_REPORT_MODEL_H
#define FFITAP_REPORT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "report/process.h"
#include "report/strings.h"
#include "report/tables.h"
#include "tap/event.h"

/* When and where an event happened. */
struct ffitap__at {
    int64_t wall_ns;   /* since 1970 */
    uint64_t clock_ns; /* of the trace's clock, CLOCK_MONOTONIC as a rule */
    int32_t pid;       /* 0 if the trace does not say */
    int32_t tid;
};

/* A process that made calls, or may have, which nothing tells of. */
struct ffitap__unseen {
    int32_t pid; /* 0: not known */
    bool called; /* it made some */
    const char *why;
};

/* A program that was started: what a note says, or would have said. */
struct ffitap__started {
    int32_t pid;
    int32_t parent;
    uint64_t moment_ns;
    uint64_t until_ns;
    unsigned marks;
    const char *path; /* in the model's pool; NULL: there is no note, for `failure` */
    bool is_whole;
    int failure; /* an errno */
};

/* A foreign call that began and of which no end was seen. */
struct ffitap__in_flight {
    int32_t pid;
    int32_t tid;
    const char *library;
    const char *symbol;
    uint64_t since_ns; /* from its beginning to the recording's end */
    bool waits;        /* it has left native code, and was waiting for its interpreter lock */
    uint64_t wait_ns;  /* since then */
};

struct ffitap__model {
    struct ffitap__tables tables;
    GPtrArray *processes; /* struct ffitap__process, in order of appearance; at the end, ours */
    GPtrArray *left_out;  /* at the end, those that were told of and are not in the report */
    GArray *in_flight;    /* struct ffitap__in_flight; filled at the end */
    GArray *unseen;       /* struct ffitap__unseen */
    GArray *started;      /* struct ffitap__started; settled after the end (report/unseen.h) */

    bool is_elsewhere;        /* on another machine, with other files */
    bool is_uncounted;        /* its processes were to keep no statistics: events alone tell */
    uint64_t now_ns;          /* on CLOCK_MONOTONIC, of what goes on; 0: it has ended */
    const char *command_path; /* the program that was recorded; NULL: unknown */
    const char *command_why;  /* why it is not seen, if it is not; NULL: unknown */

    uint64_t events;
    int64_t first_ns; /* of the trace, since 1970 */
    int64_t last_ns;
    const char *clock; /* the trace's name of its clock, NULL if it has none */

    uint64_t discarded_events;
    uint64_t discarded_packets;
    uint64_t lost[FFITAP__LOSS_KINDS]; /* filled at the end */
    uint64_t undefined_functions;
    GPtrArray *damaged; /* char *, sentences: what of the trace could not be read */

    bool was_cut;         /* reading stopped before the trace's end */
    bool has_empty_trace; /* there is one, or was to be, and no event could be read of it */

    char *token;
    struct ffitap__strings *strings;
    GHashTable *current; /* pid -> its latest struct ffitap__process */
    struct ffitap__process *last_process;
};

/* Creates an empty model of the recording that `token` names ("" takes every process in). */
struct ffitap__model *ffitap__model_create(const char *token);

void ffitap__model_destroy(struct ffitap__model *model);

/* `text` in the model's pool: equal texts have equal addresses. It lives as long as the model. */
const char *ffitap__model_intern(struct ffitap__model *model, const char *text);

/* Notes a sentence about what could not be read; takes `sentence`, which g_malloc() gave. */
void ffitap__model_note_damage(struct ffitap__model *model, char *sentence);

/* The events that count, with their records; strings are borrowed for the call. */
#define FFITAP__MODEL_EVENTS(X)                                                                    \
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

/* ffitap__model_call(model, at, event), ffitap__model_load_end(model, at, event), ... */
#define X(name, record)                                                                            \
    void ffitap__model_##name(struct ffitap__model *model, const struct ffitap__at *at,            \
                              const struct ffitap__##record *event);
FFITAP__MODEL_EVENTS(X)
#undef X

/* The innermost call that the thread `at->tid` is in has left native code, and waits for its lock.
 */
void ffitap__model_call_waits(struct ffitap__model *model, const struct ffitap__at *at);

/* What many events of one object come to: how often it was mapped, and how often it went. */
void ffitap__model_object_counted(struct ffitap__model *model, const struct ffitap__at *at,
                                  const struct ffitap__object_event *event, uint64_t mapped,
                                  uint64_t unmapped);

/*
 * Begins a process that a statistics file tells of: until the end of it, events at `at->pid` are
 * the file's. All files come before any trace. NULL if the process belongs to another recording.
 */
struct ffitap__process *ffitap__model_begin_statistics(struct ffitap__model *model,
                                                       const struct ffitap__at *at,
                                                       const struct ffitap__process_event *event);
void ffitap__model_end_statistics(struct ffitap__model *model, int32_t pid);

/*
 * Ends the feeding: names what is still unnamed, lists what is still in flight, and puts those
 * processes aside that belong to other recordings or that another source tells better of.
 */
void ffitap__model_finish(struct ffitap__model *model);

/* Whether some program image of `pid` is in the model. */
bool ffitap__model_has_process(const struct ffitap__model *model, int64_t pid);

#endif
