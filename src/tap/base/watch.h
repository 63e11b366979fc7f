/*
 * Whether anybody wants to know of this process's foreign calls. This is asked before each of them.
 */
#ifndef FFITAP_TAP_BASE_WATCH_H
#define FFITAP_TAP_BASE_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "arch/arch.h"

/* What the state says; 0 if nobody wants anything. */
#define FFITAP__WATCH_EVENTS     1u /* the provider is there: a session may want events */
#define FFITAP__WATCH_STATISTICS 2u /* statistics are kept */
#define FFITAP__WATCH_EDITION    4u /* the bits from here on count up: see ffitap__watch_renew() */

/*
 * The state is alone on a page, which the kernel wipes in a child that is made behind fork(3)'s
 * back: that child's calls must not be counted in its parent's statistics file, and LTTng knows
 * nothing of the child either.
 */
FFITAP__CROSSING extern struct ffitap__watch {
    _Atomic uint64_t state;
    char rest_of_page[FFITAP__PAGE - 8];
} ffitap__watch __attribute__((aligned(FFITAP__PAGE)));

static inline uint64_t ffitap__watch_state(void)
{
    return atomic_load_explicit(&ffitap__watch.state, memory_order_relaxed);
}

/* The same. Whatever was written before the state became this one is then seen as well. */
static inline uint64_t ffitap__watch_state_acquired(void)
{
    return atomic_load_explicit(&ffitap__watch.state, memory_order_acquire);
}

static inline bool ffitap__watch_statistics(void)
{
    return ffitap__watch_state() & FFITAP__WATCH_STATISTICS;
}

static inline bool ffitap__watch_events(void)
{
    return ffitap__watch_state() & FFITAP__WATCH_EVENTS;
}

/* Has the kernel wipe the page from now on, in children that are made behind fork(3)'s back. */
void ffitap__watch_init(void);

/*
 * Called in a child of fork(3), of which we are told. Events that were wanted in its parent are
 * wanted here, too; `statistics` says whether statistics are kept.
 */
void ffitap__watch_start_child(bool statistics);

/* The provider has come. */
FFITAP__CROSSING void ffitap__watch_start_events(void);

/* Turns the keeping of statistics on or off. Every thread notices by its next call, because the
 * state is another one then. */
void ffitap__watch_turn_statistics(bool on);

/* Says that what threads remember of functions holds no longer. While statistics are kept, the
 * state changes with this, and so a thread that compares it notices. */
void ffitap__watch_renew(void);

#endif
