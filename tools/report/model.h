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

#include "report/tables.h"
#include "tap/event.h"

#define FFITAP__LOSS_KINDS 5 /* enum ffitap__loss, and one for kinds of later versions */

#define FFITAP__RECENT     64 /* a power of two */

/* When and where an event happened. */
struct ffitap__at {
    int64_t wall_ns;   /* since 1970 */
    uint64_t clock_ns; /* of the trace's clock, CLOCK_MONOTONIC as a rule */
    int32_t pid;       /* 0 if the trace does not say */
    int32_t tid;
};

/* Whose recording a process is. */
enum ffitap__belonging {
    FFITAP__UNANNOUNCED, /* no process event yet: what it did is kept apart */
    FFITAP__OURS,
    FFITAP__FOREIGN,
    FFITAP__SUPERSEDED, /* ours, but another source tells better what it did */
};

struct ffitap__report_thread {
    int32_t tid;
    uint64_t calls;
    GArray *open_calls; /* struct open_call, innermost last; NULL if there never was one */
};

struct cell; /* process.c's own */

/* One program image: a process from its start or exec to its end or next exec. */
struct ffitap__process {
    struct ffitap__model *model;
    enum ffitap__belonging belonging;
    int32_t pid;
    int32_t ppid;
    uint64_t start_ns;
    int64_t start_wall_ns; /* 0: unknown */
    const char *exe;       /* NULL: unknown */
    GByteArray *argv;      /* NUL-terminated arguments one after another */
    bool is_stopped;       /* what has_statistics is of: the program went on without */
    bool replaced;         /* by an exec, or its pid by another process */
    bool has_statistics;   /* a statistics file tells of it, not a trace */
    bool is_whole;         /* and that file is undamaged */
    struct ffitap__process *parent;
    uint64_t lost[FFITAP__LOSS_KINDS];

    struct ffitap__tables *tables; /* where it counts: the model's or, unannounced, its own */
    GHashTable *definitions;       /* function id -> struct definition */
    GHashTable *runtimes;          /* runtime id -> name */
    GHashTable *locks;             /* runtime id -> enum ffitap__lock_kind */
    unsigned lock_kinds;           /* that runtimes have: 1 << enum ffitap__lock_kind, added up */
    GHashTable *cells;             /* runtime and function id -> struct cell */
    GHashTable *unnamed;           /* set of the cells whose definitions are still missing */
    GHashTable *threads;           /* tid -> struct ffitap__report_thread */
    GHashTable *mapped;     /* base -> struct ffitap__report_object, as long as it is mapped */
    GHashTable *open_loads; /* load id -> struct open_load */
    struct ffitap__report_thread *recent_threads[FFITAP__RECENT]; /* by id: found without hashing */
    struct cell *recent_cells[FFITAP__RECENT];
};

/* A process that made calls, or may have, which nothing tells of. */
struct ffitap__unseen {
    int32_t pid; /* 0: not known */
    bool called; /* it made some */
    const char *why;
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
    GArray *in_flight;    /* struct ffitap__in_flight; filled at the end */
    GArray *unseen;       /* struct ffitap__unseen */
    GArray *started;      /* struct ffitap__started; settled at the end (report/unseen.h) */

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
    GStringChunk *strings;
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

/* Ends the feeding: names what is still unnamed and lists what is still in flight. */
void ffitap__model_finish(struct ffitap__model *model);

/* Whether some program image of `pid` is in the model. */
bool ffitap__model_has_process(const struct ffitap__model *model, int64_t pid);

#endif
