#include "tap/base/watch.h"

#include <errno.h>
#include <sys/mman.h>

struct ffitap__watch ffitap__watch;

/*
 * The state itself, which the kernel does not wipe in a child. In a child of fork(3) it is
 * published again. In a child that was made behind fork(3)'s back nobody does that, and so nothing
 * is wanted there.
 */
static _Atomic uint64_t state;

/* Publishes the state, and again if another thread has changed it meanwhile: so whoever was the
 * last to publish has published the last state. */
static void publish(void)
{
    uint64_t now;

    do {
        now = atomic_load(&state);
        const bool is_wanted = now & (FFITAP__WATCH_EVENTS | FFITAP__WATCH_STATISTICS);
        atomic_store(&ffitap__watch.state, is_wanted ? now : 0);
    } while (atomic_load(&state) != now);
}

void ffitap__watch_init(void)
{
    const int saved = errno;

    madvise(&ffitap__watch, FFITAP__PAGE, MADV_WIPEONFORK);
    errno = saved;
}

void ffitap__watch_start_events(void)
{
    atomic_fetch_or(&state, FFITAP__WATCH_EVENTS);
    publish();
}

void ffitap__watch_turn_statistics(bool on)
{
    if (on)
        atomic_fetch_or(&state, FFITAP__WATCH_STATISTICS);
    else
        atomic_fetch_and(&state, ~(uint64_t)FFITAP__WATCH_STATISTICS);
    ffitap__watch_renew();
}

void ffitap__watch_start_child(bool statistics)
{
    ffitap__watch_turn_statistics(statistics);
}

void ffitap__watch_renew(void)
{
    atomic_fetch_add(&state, FFITAP__WATCH_EDITION);
    publish();
}
