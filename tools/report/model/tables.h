/*
 * What a report counts: tables of functions, callbacks, loads, lookups and objects. A table has one
 * row per identity, whichever processes it was counted in and however often. The tables of parts
 * add up to the table of the whole.
 *
 * A row's identity is up to three strings, which are compared by address: they come from one string
 * pool (report/base/strings.h) that outlives the tables.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_TABLES_H
#define FFITAP_TOOLS_REPORT_MODEL_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "report/model/histogram.h"
#include "tap/base/event.h"

/* Opens every row: its identity by name and as a whole. */
#define FFITAP__IDENTITY(...)                                                                      \
    union {                                                                                        \
        struct {                                                                                   \
            const char *__VA_ARGS__;                                                               \
        };                                                                                         \
        const char *identity[3];                                                                   \
    }

/* A private errno that calls with an exchange left. */
struct ffitap__outcome {
    int value;
    uint64_t count;
    uint64_t unchanged; /* of these, calls that had found it there already: perhaps not their own */
};

struct ffitap__report_function {
    FFITAP__IDENTITY(library, *symbol, *runtime);
    uint64_t address; /* in the first process that had it */
    struct ffitap__histogram native;
    uint64_t self_ns;
    uint64_t unfinished;
    uint64_t gil_windows;
    uint64_t gil_released_ns;
    struct ffitap__histogram gil_wait; /* of the windows whose end was seen */
    uint64_t gil_wait_unknown;
    uint64_t gil_held_calls;
    uint64_t unlocked_windows; /* of a free-threaded interpreter that had no lock then */
    uint64_t unlocked_wait_ns; /* of these, to be attached to it again */
    uint64_t attached_calls;   /* had no window while there was no lock */
    uint64_t errno_swaps;
    GArray *outcomes; /* struct ffitap__outcome by value; NULL if none */
};

struct ffitap__callbacks {
    FFITAP__IDENTITY(library, *symbol, *runtime); /* library, symbol NULL: out of no known call */
    struct ffitap__histogram duration;
};

struct ffitap__load {
    FFITAP__IDENTITY(name, *caller, *path); /* name NULL: the main program */
    int32_t mode;                           /* of the first */
    uint64_t count;
    uint64_t failed;
    uint64_t unfinished; /* began, and no end of it was seen */
    uint64_t total_ns;
    uint64_t max_ns;
    const char *error; /* of the last that failed, else NULL */
};

struct ffitap__lookup {
    FFITAP__IDENTITY(library, *symbol);
    uint64_t count;
    uint64_t cached;
    uint64_t failed;
    uint64_t expected; /* of the failed: the caller had another name ready (module_entry.h) */
    uint64_t total_ns;
    const char *error; /* of the last that failed, else NULL */
};

struct ffitap__report_object {
    FFITAP__IDENTITY(path, *build_id, *soname);
    uint64_t base; /* these three of the first mapping */
    uint64_t size;
    const char *needed_by;
    uint8_t cause; /* enum ffitap__object_cause */
    uint64_t mapped;
    uint64_t unmapped;
};

/* Sets of rows. */
struct ffitap__tables {
    GHashTable *functions;
    GHashTable *callbacks;
    GHashTable *loads;
    GHashTable *lookups;
    GHashTable *objects;
};

void ffitap__tables_init(struct ffitap__tables *tables);
void ffitap__tables_fini(struct ffitap__tables *tables);

/* Adds all rows of `other`. */
void ffitap__tables_merge(struct ffitap__tables *tables, const struct ffitap__tables *other);

/* The row of that identity, which is added if there is none. Borrowed: it stays the table's. */
struct ffitap__report_function *ffitap__tables_function(struct ffitap__tables *tables,
                                                        const char *library, const char *symbol,
                                                        const char *runtime);
struct ffitap__callbacks *ffitap__tables_callbacks(struct ffitap__tables *tables,
                                                   const char *library, const char *symbol,
                                                   const char *runtime);
struct ffitap__load *ffitap__tables_load(struct ffitap__tables *tables, const char *name,
                                         const char *caller, const char *path);
struct ffitap__lookup *ffitap__tables_lookup(struct ffitap__tables *tables, const char *library,
                                             const char *symbol);
struct ffitap__report_object *ffitap__tables_object(struct ffitap__tables *tables, const char *path,
                                                    const char *build_id, const char *soname);

/*
 * The rows of a table in order, as an array of pointers to `count` rows; g_free() the array alone.
 * The orders are total: what a report shows does not depend on where rows lie in memory.
 */
typedef int ffitap__order(const void *a, const void *b);
gpointer *ffitap__tables_sort(GHashTable *table, ffitap__order *order, unsigned *count);
ffitap__order ffitap__by_identity;       /* any rows */
ffitap__order ffitap__functions_by_cost; /* the most first, as in the four below */
ffitap__order ffitap__functions_by_calls;
ffitap__order ffitap__functions_by_wait;
ffitap__order ffitap__callbacks_by_time;
ffitap__order ffitap__loads_by_time;

/* How often a lookup failed, without the failures that were expected. */
uint64_t ffitap__lookup_failures(const struct ffitap__lookup *lookup);

/* What a function cost the threads that called it: native code, then waiting for their lock. */
uint64_t ffitap__function_cost_ns(const struct ffitap__report_function *function);

/* The row may also be outside of any table, as it is while its identity is not known. */
void ffitap__function_add(struct ffitap__report_function *function,
                          const struct ffitap__call_event *event, enum ffitap__lock_kind lock);

/* Says what the interpreter lock was in all calls that were counted. */
void ffitap__function_tell_lock(struct ffitap__report_function *function,
                                enum ffitap__lock_kind lock);
void ffitap__function_add_outcome(struct ffitap__report_function *function,
                                  const struct ffitap__outcome *more);
void ffitap__function_merge(struct ffitap__report_function *function,
                            const struct ffitap__report_function *other);
void ffitap__function_fini(struct ffitap__report_function *function);
void ffitap__load_merge(struct ffitap__load *load, const struct ffitap__load *other);
void ffitap__lookup_merge(struct ffitap__lookup *lookup, const struct ffitap__lookup *other);
void ffitap__function_destroy(struct ffitap__report_function *function);
void ffitap__callbacks_destroy(struct ffitap__callbacks *callbacks);

#endif
