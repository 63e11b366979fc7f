/*
 * A tally holds what one thread counts, without a lock: nobody writes there but the thread and its
 * signal handlers, which may come at any instruction. A tally is made on the thread's first call.
 * It goes with the thread, or some time after the thread has begun to count in another file. What
 * was counted stays in the statistics file.
 */
#ifndef FFITAP_TAP_CALLS_TALLY_H
#define FFITAP_TAP_CALLS_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/base/clock.h"
#include "tap/base/event.h"
#include "tap/calls/count.h"
#include "tap/calls/thread.h"
#include "tap/statistics/buckets.h"
#include "tap/statistics/file.h"

/* A cell of the file, and the places in its histograms that were last counted in. */
struct ffitap__cell {
    struct ffitap__statistics_cell *shared;
    struct ffitap__tally *tally; /* the tally that this cell is in */
    struct ffitap__callee callee;
    _Atomic uint64_t key; /* ffitap__thread_key() of the calls that it is remembered for */
    struct ffitap__recent durations;
    struct ffitap__recent waits;
    uint32_t windows; /* offset of the struct ffitap__statistics_windows, 0 for none */
    uint32_t next;    /* the next cell of the function, through another runtime or of callbacks: its
                         place among the cells plus one; 0 for none */
};

/* A cell with the key of no function. */
extern struct ffitap__cell ffitap__tally_no_cell;

#define FFITAP__CELL_MAX (2 * FFITAP__FUNCTION_MAX)

/* This is much address space, but a thread touches only as much of it as its functions need. */
struct ffitap__tally {
    struct ffitap__statistics_thread *thread;
    struct ffitap__arena arena; /* of the file that it counts in; the tally keeps it mapped */
    char *file;                 /* where that file is mapped */
    uint64_t rate;              /* ffitap__clock_rate once it is known, for ticks; else 0 */
    struct ffitap__tally *next; /* of the thread's retired ones */
    _Atomic uint32_t cell_count;
    _Atomic uint32_t of_function[FFITAP__FUNCTION_MAX + 1]; /* by id (0: unknown); as `next` */
    struct ffitap__cell cells[FFITAP__CELL_MAX];
};

/* The thread's tally of the current file, made if there is none; NULL if there is no room, or no
 * file. An earlier one is retired: calls that are under way count there when they return. */
struct ffitap__tally *ffitap__tally_get(struct ffitap__thread *self);

/* Ends all tallies of a thread that is in no call any more. */
void ffitap__tally_destroy_all(struct ffitap__thread *self);

/* Lets go of all tallies in a forked child. They stay mapped until the child forks, too, because
 * code that a signal handler interrupted may go on with them. */
void ffitap__tally_leave_all(struct ffitap__thread *self);

/* False in a process that was made behind fork(3)'s back: the file is its parent's. */
bool ffitap__tally_is_ours(const struct ffitap__tally *tally);

/* Counts a call that found no room. */
void ffitap__tally_lose_call(const struct ffitap__tally *tally);

/* Where calls of `callee` are counted; NULL if there is no room. */
struct ffitap__cell *ffitap__tally_cell(struct ffitap__tally *tally, struct ffitap__callee callee);

/*
 * Counts the call of `frame`, which has a cell. `left` is the moment at which the call left native
 * code, `held` that at which the interpreter lock was held again. False if there is no room to
 * count it.
 */
bool ffitap__tally_count_call(const struct ffitap__frame *frame, uint64_t left, uint64_t held);

/* Counts a callback that has ended. False if there is no room to count it. */
bool ffitap__tally_count_callback(struct ffitap__tally *tally,
                                  const struct ffitap__callback_event *callback);

/* How long `ticks` last, by the tally's rate, which must be known. Nearly every call is counted in
 * this way. */
static inline uint64_t ffitap__tally_ns(const struct ffitap__tally *tally, uint64_t ticks)
{
    return (uint64_t)(((unsigned __int128)ticks * tally->rate) >> FFITAP__CLOCK_SHIFT);
}

/* Finds everything that the call is counted in. False if something of it has no place yet. A call
 * without a window is over when it has left native code, and `held` is not looked at. */
static inline bool ffitap__tally_find(const struct ffitap__tally *tally,
                                      const struct ffitap__frame *frame, bool has_window,
                                      uint64_t left, uint64_t held, struct ffitap__places *places)
{
    const struct ffitap__cell *cell = frame->cell;

    places->native_ns = ffitap__tally_ns(tally, left - frame->entered);
    places->bucket = ffitap__buckets_recent(tally->file, &cell->durations, places->native_ns);
    places->windows = NULL;
    if (!has_window)
        return places->bucket;
    places->wait_ns = ffitap__tally_ns(tally, held - left);
    places->wait_bucket = ffitap__buckets_recent(tally->file, &cell->waits, places->wait_ns);
    places->windows = (void *)(tally->file + cell->windows);
    return places->bucket && places->wait_bucket && cell->windows;
}

#endif
