/* Program images, and the names of what they count. */
#ifndef FFITAP_TOOLS_REPORT_MODEL_PROCESS_H
#define FFITAP_TOOLS_REPORT_MODEL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "report/base/strings.h"
#include "report/model/tables.h"
#include "tap/base/event.h"

#define FFITAP__LOSS_KINDS 5 /* enum ffitap__loss, and one for kinds of later versions */

#define FFITAP__RECENT_MAX 64 /* a power of two */

/* Whose recording a process is. */
enum ffitap__belonging {
    FFITAP__UNANNOUNCED, /* no process event yet: what it did is kept apart */
    FFITAP__OURS,
    FFITAP__FOREIGN,
    FFITAP__SUPERSEDED, /* ours, but another source tells better what it did */
};

/* A call that has begun. */
struct ffitap__open_call {
    uint64_t call_id;
    uint32_t function_id;
    int64_t wall_ns;
    bool waits;
    int64_t left_wall_ns; /* if it waits */
};

/* A load that has begun. Its texts are of the process's pool. */
struct ffitap__open_load {
    const char *name; /* NULL: the main program */
    const char *caller;
    int32_t mode;
    int64_t wall_ns;
};

struct ffitap__report_thread {
    int32_t tid;
    uint64_t calls;
    GArray *open_calls; /* struct ffitap__open_call, innermost last; NULL if there never was one */
};

struct cell; /* process.c's own */

/* One program image: a process from its start or exec to its end or next exec. */
struct ffitap__process {
    struct ffitap__strings *strings; /* not its own */
    enum ffitap__belonging belonging;
    int32_t pid;
    int32_t ppid;
    uint64_t start_ns;
    int64_t start_wall_ns; /* 0: unknown */
    const char *exe;       /* NULL: unknown */
    GByteArray *argv;      /* NUL-terminated arguments one after another */
    bool is_stopped;       /* the program has stopped the statistics that has_statistics is of */
    bool replaced;         /* by an exec, or its pid by another process */
    bool has_statistics;   /* a statistics file tells of it, not a trace */
    bool is_whole;         /* and that file is undamaged */
    struct ffitap__process *parent;
    uint64_t lost[FFITAP__LOSS_KINDS];

    struct ffitap__tables *tables; /* where it counts: all processes' or, unannounced, its own */
    bool owns_tables;
    GHashTable *definitions; /* function id -> struct definition */
    GHashTable *runtimes;    /* runtime id -> name */
    GHashTable *locks;       /* runtime id -> enum ffitap__lock_kind */
    unsigned lock_kinds;     /* that runtimes have: 1 << enum ffitap__lock_kind, added up */
    GHashTable *cells;       /* runtime and function id -> struct cell */
    GHashTable *unnamed;     /* set of the cells whose definitions are still missing */
    GHashTable *threads;     /* tid -> struct ffitap__report_thread */
    GHashTable *mapped;      /* base -> struct ffitap__report_object, as long as it is mapped */
    GHashTable *open_loads;  /* load id -> struct ffitap__open_load */
    struct ffitap__report_thread
        *recent_threads[FFITAP__RECENT_MAX]; /* by id: found without hashing */
    struct cell *recent_cells[FFITAP__RECENT_MAX];
};

/* Begins an image that counts in tables of its own. Its texts go into `strings`, which outlive it.
 */
struct ffitap__process *ffitap__process_create(struct ffitap__strings *strings, int32_t pid);

void ffitap__process_destroy(struct ffitap__process *process);

/* Makes `process` ours: what was counted for it apart goes into `tables`, which outlive the
 * process. */
void ffitap__process_adopt(struct ffitap__process *process, struct ffitap__tables *tables);

/* Makes the process foreign: what was counted for it is forgotten. */
void ffitap__process_disown(struct ffitap__process *process);

/* Forgets what was counted for the process, but not its names. What is counted for it from now on
 * goes into `tables`. */
void ffitap__process_forget_tables(struct ffitap__process *process, struct ffitap__tables *tables);

/* These take a definition, and move what was counted under its id to the right row. */
void ffitap__process_define_function(struct ffitap__process *process, uint32_t function_id,
                                     const char *library, const char *symbol, uint64_t address);
void ffitap__process_define_runtime(struct ffitap__process *process, uint16_t runtime_id,
                                    const char *name, uint8_t lock_kind);

/* What the lock of a runtime id is. */
enum ffitap__lock_kind ffitap__process_lock_kind(const struct ffitap__process *process,
                                                 uint16_t runtime_id);

/* Whether the process has an interpreter that can do without its lock. */
bool ffitap__process_is_free_threaded(const struct ffitap__process *process);

/* The rows in which the calls of a function are counted, and the callbacks out of them. Borrowed
 * until the next definition. */
struct ffitap__report_function *ffitap__process_function(struct ffitap__process *process,
                                                         uint32_t function_id, uint16_t runtime_id);
struct ffitap__callbacks *ffitap__process_callbacks(struct ffitap__process *process,
                                                    uint32_t function_id, uint16_t runtime_id);

struct ffitap__report_thread *ffitap__process_thread(struct ffitap__process *process, int32_t tid);

/*
 * Gives every id its final name: its own definition's, the parent's, or "[unknown #id]". Returns
 * how many functions have no definition.
 */
unsigned ffitap__process_name_all(struct ffitap__process *process);

/* The final name of a function id. */
void ffitap__process_name(const struct ffitap__process *process, uint32_t function_id,
                          const char **library, const char **symbol);

#endif
