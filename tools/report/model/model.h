/*
 * The model of a recording: the sink that adds up what the readers tell, and what the writers
 * write. Memory grows with processes, threads, functions, loads, lookups and objects, not
 * with events.
 *
 * Three things make it more than adding up:
 * - ids of functions and runtimes belong to a program image: an exec starts them anew;
 * - a definition may come late, twice, or never (for a forked child that died early, its parent's
 *   is used), and what was counted under its id meanwhile must still get its name;
 * - if others use the same session daemon, the trace has their processes, too: a process that says
 *   that it belongs to another recording is left out, together with everything that came from it
 *   before it said so.
 * And two sources may tell of the same process: report/model/sources.h says which one counts.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_MODEL_H
#define FFITAP_TOOLS_REPORT_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "report/base/strings.h"
#include "report/model/process.h"
#include "report/model/sink.h"
#include "report/model/tables.h"

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
    GArray *unseen;       /* struct ffitap__unseen; texts are of the pool, as in the next */
    GArray *started;      /* struct ffitap__started; settled after the end (unseen.h) */

    bool is_elsewhere;        /* on another machine, with other files */
    bool is_uncounted;        /* its processes were to keep no statistics: events alone tell */
    uint64_t now_ns;          /* on CLOCK_MONOTONIC, of a recording that goes on; 0: it has ended */
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

/*
 * The sink that feeds the model. It has to be told what the recording holds: the statistics files
 * first, and then the traces, each in order of time. The sink lives as long as the model.
 */
struct ffitap__report_sink ffitap__model_sink(struct ffitap__model *model);

/*
 * Ends the feeding: names what is still unnamed, lists what is still in flight, and puts those
 * processes aside that belong to other recordings or that another source tells better of.
 */
void ffitap__model_finish(struct ffitap__model *model);

/* Whether some program image of `pid` is in the model. */
bool ffitap__model_has_process(const struct ffitap__model *model, int64_t pid);

#endif
