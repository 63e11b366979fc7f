#include "tap/watch.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

struct ffitap__watch ffitap__watch;

/* Where the kernel wiped the page nobody told us of the child; here somebody does. */
static bool has_events;
static bool has_statistics;

static void put_back(void)
{
    atomic_store_explicit(&ffitap__watch.events, has_events, memory_order_release);
    atomic_store_explicit(&ffitap__watch.statistics, has_statistics, memory_order_release);
}

__attribute__((constructor)) static void start(void)
{
    const int saved = errno;

    madvise(&ffitap__watch, FFITAP__PAGE, MADV_WIPEONFORK);
    pthread_atfork(NULL, NULL, put_back);
    errno = saved;
}

void ffitap__watch_start_events(void)
{
    has_events = true;
    put_back();
}

void ffitap__watch_turn_statistics(bool on)
{
    has_statistics = on;
    put_back();
}
