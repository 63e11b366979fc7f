/* Who wants to know of this process's foreign calls. It is asked before each of them. */
#ifndef FFITAP_TAP_WATCH_H
#define FFITAP_TAP_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include <ffitap/export.h>

#include "tap/fast.h"

/*
 * Alone on a page, which the kernel wipes in a child that is made behind fork(3)'s back: that one's
 * calls must not be counted in its parent's statistics file, and LTTng knows nothing of it either.
 */
#define FFITAP__PAGE 4096
FFITAP__CROSSING extern struct ffitap__watch {
    _Atomic bool statistics; /* are kept */
    _Atomic bool events;     /* the provider is there: a session may want some of them */
    char rest_of_page[FFITAP__PAGE - 2];
} ffitap__watch __attribute__((aligned(FFITAP__PAGE)));

static inline bool ffitap__watch_statistics(void)
{
    return atomic_load_explicit(&ffitap__watch.statistics, memory_order_relaxed);
}

static inline bool ffitap__watch_events(void)
{
    return atomic_load_explicit(&ffitap__watch.events, memory_order_relaxed);
}

/* The provider has come. */
FFITAP__CROSSING void ffitap__watch_start_events(void);

void ffitap__watch_turn_statistics(bool on);

#endif
