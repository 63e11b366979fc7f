/*
 * The keeper is a process between ffitap and the session daemon. Its only work is to see to it that
 * the daemon, its consumer daemons and its private directory are gone once ffitap is, however
 * ffitap ended.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_KEEPER_H
#define FFITAP_TOOLS_RECORDER_LTTNG_KEEPER_H

#include <stdbool.h>

/* The daemon's log in its private home. */
#define FFITAP_KEEPER_LOG "log"

/* What the keeper tells ffitap, a byte each. */
enum ffitap_keeper_news {
    FFITAP_KEEPER_READY = 'r',
    FFITAP_KEEPER_MISSING = 'm', /* there is no lttng-sessiond */
    FFITAP_KEEPER_LOST = 'l',    /* the daemon has ended by itself */
};

struct ffitap_keeper_task {
    const char *home;
    const char *session; /* begins the names of the recording's */
    bool is_root;
    bool is_shared; /* the daemon is the system's */
};

/*
 * Runs the daemon for as long as `lifeline` is open and nothing comes out of it. Call this in a
 * process that was forked for it. A byte on the lifeline says that the daemon has nothing left to
 * write; if the lifeline closes without one, the daemon gets time to write. Closes all other
 * descriptors but `news`.
 */
_Noreturn void ffitap_keeper_run(const struct ffitap_keeper_task *task, int lifeline, int news);

#endif
