/*
 * The statistics file: what a process counts of its foreign calls, kept in a shared file mapping so
 * that it outlives the process however that ends, and can be read while it runs. Written by
 * src/tap, read by tools/report. Fields are added at the end of records, never changed: a reader
 * that does not know a field skips it by the record's size.
 *
 * A process has one file at a time, and several in turn if it stops and starts them
 * (<ffitap/statistics.h>). The file starts with the header; behind it lie records, handed out one
 * after another and never moved or freed. A record is whole before anything refers to it (released,
 * acquired by readers). Every reference is an offset from the file's start, a multiple of 8, 0 for
 * none. Numbers are in the machine's order, durations in nanoseconds, moments on CLOCK_MONOTONIC
 * unless they are called ticks.
 *
 * Who writes:
 * - the header's lists and the definitions: whoever holds the tap's lock;
 * - the header's losses: every thread; what it says of processes and programs that were not seen:
 *   every thread, and forked children without a file;
 * - a thread's record, its cells and all that hangs on them: that thread alone.
 *
 * The thread writes to a cell between two steps of `sequence`, which is odd meanwhile, and waits
 * for no reader. A reader copies a cell, and takes the copy if `sequence` was even and the same
 * before and after. If the writer died in between, `sequence` stays odd: then one call may be in
 * the cell by half, and the reader goes by the cell's buckets (tools/report/read/statistics.c).
 *
 * The file is sparse: its size is the bound that it may grow to. Blocks are there before they are
 * written to, so that a full disk costs records and never a signal. A file without room even for
 * the header is left empty.
 */
#ifndef FFITAP_TAP_STATISTICS_FILE_H
#define FFITAP_TAP_STATISTICS_FILE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define FFITAP__STATISTICS_MAGIC   "ffitap\001\n"
#define FFITAP__STATISTICS_VERSION 1u
#define FFITAP__STATISTICS_SUFFIX                                                                  \
    ".stat" /* of files in a recording's FFITAP__STATISTICS_FOLDER                                 \
             */
#define FFITAP__STATISTICS_FOLDER "stat"

/* The lists that the header begins, newest record first. */
enum ffitap__statistics_list {
    FFITAP__STATISTICS_RUNTIMES,
    FFITAP__STATISTICS_OBJECTS,
    FFITAP__STATISTICS_FUNCTIONS,
    FFITAP__STATISTICS_LOADS,
    FFITAP__STATISTICS_LOOKUPS,
    FFITAP__STATISTICS_THREADS,
    FFITAP__STATISTICS_LISTS,
};

/* So many children without a file are named; further ones are only counted. */
#define FFITAP__STATISTICS_UNSEEN 16u

/* A program that was started and of which no note could be left (exec_note.h). */
struct ffitap__statistics_unnoted {
    _Atomic uint64_t moment_ns; /* taken first: 0 is a free place */
    _Atomic uint64_t who;       /* as in `unseen`; 0 for a moment at first */
};

/* Room for later losses: enum ffitap__loss counts up. */
#define FFITAP__STATISTICS_LOSSES 16

struct ffitap__statistics_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size;   /* the first record may begin here */
    uint64_t capacity;      /* the file's size */
    _Atomic uint64_t used;  /* up to here records were handed out */
    _Atomic uint32_t ready; /* 1 once all before it and the process's fields are there */
    int32_t pid;
    int32_t ppid;
    uint32_t argv_size;
    uint64_t argv;      /* NUL-terminated arguments one after another, perhaps cut */
    uint64_t exe;       /* texts: offsets of NUL-terminated strings, 0 for "" */
    uint64_t recording; /* the token of the recording that the process belongs to */
    uint64_t start_ns;
    int64_t start_wall_ns; /* since 1970 */
    /* A moment in ticks is origin_ns + ((ticks - origin_ticks) * rate >> 32), both differences
     * unsigned; a rate of 0 says that nobody measured it yet, one of 1 << 32 that ticks are ns. */
    uint64_t origin_ticks;
    uint64_t origin_ns;
    _Atomic uint64_t rate;
    _Atomic uint64_t lists[FFITAP__STATISTICS_LISTS];
    _Atomic uint64_t lost[FFITAP__STATISTICS_LOSSES]; /* by enum ffitap__loss */
    /* From here on later than the first files of this version, which have a shorter header. */
    _Atomic uint64_t stopped_ns; /* calls that began later do not count here; 0: not stopped */
    /*
     * Processes that wanted to count and could have no file. This process has forked them, or a
     * child of it that has no file has done so: how many there were, and for each of them the errno
     * in the upper half and its number in the lower one, 0 for a moment at first. These processes
     * write it themselves.
     */
    _Atomic uint64_t unseen_count;
    _Atomic uint64_t unseen[FFITAP__STATISTICS_UNSEEN];
    /* Added later than those. Written by this process, or by a child of it that has no file. */
    struct ffitap__statistics_unnoted unnoted[FFITAP__STATISTICS_UNSEEN];
    _Atomic uint64_t unnoted_more; /* for which there was no place */
};

#define FFITAP__STATISTICS_SHORTEST_HEADER offsetof(struct ffitap__statistics_header, stopped_ns)

/* Begins every record that is in a list. */
struct ffitap__statistics_link {
    uint64_t next;
    uint32_t size; /* of the record, this included */
    uint32_t reserved;
};

struct ffitap__statistics_runtime {
    struct ffitap__statistics_link link;
    uint64_t name; /* texts, as all offsets that are not said to be something else */
    uint64_t object;
    uint64_t lock;
    uint32_t id;        /* told anew when something of it changed: the newest holds */
    uint32_t lock_kind; /* enum ffitap__lock_kind */
};

/* All mappings of one object. The counts only grow. */
struct ffitap__statistics_object {
    struct ffitap__statistics_link link;
    uint64_t base; /* of the first */
    uint64_t size;
    uint64_t path;
    uint64_t soname;
    uint64_t build_id;
    uint64_t needed_by;
    uint32_t cause;          /* enum ffitap__object_cause */
    uint32_t is_unmapped;    /* in records without these counts: the object at this base went */
    _Atomic uint64_t mapped; /* 0 or not there: one record tells of a mapping, another of its end */
    _Atomic uint64_t unmapped;
};

struct ffitap__statistics_function {
    struct ffitap__statistics_link link;
    uint64_t address; /* the first one, if its library came back elsewhere */
    uint64_t offset;
    uint64_t library;
    uint64_t symbol;
    uint32_t id;     /* from 1; told anew when it got a better name */
    uint32_t naming; /* enum ffitap__naming */
};

/* All loads of one name by one caller that found one path. The counts only grow. */
struct ffitap__statistics_load {
    struct ffitap__statistics_link link;
    uint64_t name;
    uint64_t caller;
    uint64_t path; /* "" for those that failed */
    int32_t mode;  /* of the first */
    uint32_t is_main_program;
    _Atomic uint64_t count;
    _Atomic uint64_t failed;
    _Atomic uint64_t total_ns;
    _Atomic uint64_t max_ns;
    _Atomic uint64_t error; /* of the last that failed */
};

/* All lookups of one symbol in one library. The counts only grow. */
struct ffitap__statistics_lookup {
    struct ffitap__statistics_link link;
    uint64_t library;
    uint64_t symbol;
    _Atomic uint64_t count;
    _Atomic uint64_t cached; /* of these, answered without asking the dynamic linker */
    _Atomic uint64_t failed;
    _Atomic uint64_t total_ns;
    _Atomic uint64_t error; /* of the last that failed */
};

/* A call that a thread is in. */
struct ffitap__statistics_in_flight {
    uint64_t entered_ticks; /* 0: it is about to begin, and is not in native code yet */
    uint32_t function_id;   /* 0: not known */
    uint32_t runtime_id;
};

#define FFITAP__STATISTICS_IN_FLIGHT 16u /* the outermost so many are kept */

struct ffitap__statistics_thread {
    struct ffitap__statistics_link link;
    int32_t tid;
    _Atomic uint32_t depth; /* calls that it is in; there may be more than are kept */
    _Atomic uint64_t cells; /* its newest struct ffitap__statistics_cell */
    struct ffitap__statistics_in_flight in_flight[FFITAP__STATISTICS_IN_FLIGHT];
    /*
     * Added after the first files of this version, which have a shorter record. These tell of the
     * call that was the last to leave native code and wait for its interpreter lock. The first says
     * when native code was entered, which tells whether it is the innermost call above; the second,
     * which is written first, says when native code was left.
     */
    _Atomic uint64_t left_entered_ticks;
    _Atomic uint64_t left_ticks;
};

#define FFITAP__STATISTICS_SHORTEST_THREAD                                                         \
    offsetof(struct ffitap__statistics_thread, left_entered_ticks)

/* What a cell counts. */
enum ffitap__statistics_cell_kind {
    FFITAP__STATISTICS_CALLS,     /* of the function */
    FFITAP__STATISTICS_CALLBACKS, /* out of calls of the function */
};

/* What one thread did with one function through one runtime. */
struct ffitap__statistics_cell {
    struct ffitap__statistics_link link;
    uint32_t function_id;
    uint16_t runtime_id;
    uint16_t kind;             /* enum ffitap__statistics_cell_kind */
    _Atomic uint32_t sequence; /* odd while members to `held_calls`, or what hangs on it, change */
    uint32_t reserved;
    uint64_t count;
    uint64_t total_ns;
    uint64_t callbacks_ns; /* of the total, in callbacks out of the calls */
    uint64_t min_ns;       /* this and the next mean nothing while count is 0 */
    uint64_t max_ns;
    uint64_t unfinished;
    uint64_t held_calls;      /* that kept the interpreter lock, where the runtime has one */
    _Atomic uint64_t buckets; /* struct ffitap__statistics_buckets of the durations */
    _Atomic uint64_t windows; /* struct ffitap__statistics_windows, once it had one */
    _Atomic uint64_t errnos;  /* struct ffitap__statistics_errnos, once it exchanged errno */
};

/* The GIL windows of a cell's calls. */
struct ffitap__statistics_windows {
    uint64_t count;
    uint64_t released_ns;
    uint64_t wait_unknown; /* windows whose end was not seen: in none of the following */
    uint64_t wait_total_ns;
    uint64_t wait_max_ns;
    uint64_t wait_min_ns;
    _Atomic uint64_t wait_buckets; /* struct ffitap__statistics_buckets */
};

/*
 * A piece of a histogram, of one of two kinds. A run has the counts of the
 * FFITAP__STATISTICS_BUCKETS buckets from `first` on. A scattered piece has counts of any buckets,
 * for values that few calls have: each count holds its bucket in the upper bits and the number of
 * calls in the lower ones, and is 0 if it is not used yet. If several pieces have counts of one
 * bucket, these add up. ffitap__statistics_bucket() below says which bucket a value falls into.
 */
#define FFITAP__STATISTICS_BUCKETS        16u
#define FFITAP__STATISTICS_SCATTERED_BITS 20u
#define FFITAP__STATISTICS_SCATTERED_MAX  ((1u << FFITAP__STATISTICS_SCATTERED_BITS) - 1)

struct ffitap__statistics_buckets {
    uint64_t next;  /* another piece of the same histogram */
    uint32_t first; /* of a run, a multiple of FFITAP__STATISTICS_BUCKETS */
    uint32_t counts[FFITAP__STATISTICS_BUCKETS];
    uint32_t is_scattered; /* 1, or 0 for a run */
};

static inline uint32_t ffitap__statistics_scattered_bucket(uint32_t count)
{
    return count >> FFITAP__STATISTICS_SCATTERED_BITS;
}

static inline uint32_t ffitap__statistics_scattered_count(uint32_t count)
{
    return count & FFITAP__STATISTICS_SCATTERED_MAX;
}

/* What calls with an exchange left as the private errno. */
struct ffitap__statistics_outcome {
    int32_t value;
    uint32_t used; /* 0: this one and those behind it are unused */
    uint64_t count;
    uint64_t unchanged; /* of these, calls that had found it there already */
};

#define FFITAP__STATISTICS_OUTCOMES 4u

struct ffitap__statistics_errnos {
    uint64_t next; /* more of the same cell */
    struct ffitap__statistics_outcome outcomes[FFITAP__STATISTICS_OUTCOMES];
};

/*
 * Log-linear (as HdrHistogram's): exact below 64 ns, from there 32 buckets per power of two, so
 * that no value in a bucket is more than 1/32 (3.125 %) away from another.
 */
static inline uint32_t ffitap__statistics_bucket(uint64_t value)
{
    /* A bucket keeps the value's first six bits, and how many bits there are behind them. */
    const uint32_t dropped = ((uint32_t)__builtin_clzll(value | 32) ^ 63) - 5;

    return dropped * 32 + (uint32_t)(value >> dropped);
}

#endif
