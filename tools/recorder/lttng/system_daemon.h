/*
 * The system's session daemon, for root where root may not mount: recordings share it with each
 * other and with whoever else uses LTTng. The last recording ends it if the first one started it.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_SYSTEM_DAEMON_H
#define FFITAP_TOOLS_RECORDER_LTTNG_SYSTEM_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/* Where LTTng has the sockets of root's daemon. */
#define FFITAP_SYSTEM_DAEMON_DIRECTORY "/var/run/lttng"

/* Whether the daemon runs, whoever started it. */
bool ffitap_system_daemon_is_alive(void);

/* Whether programs can register with the daemon, which is so a moment after it has started. */
bool ffitap_system_daemon_is_ready(void);

/* Notes that the daemon runs for recordings alone, if `pid` is the daemon. */
void ffitap_system_daemon_mark(pid_t pid);

/*
 * Destroys all sessions whose names begin with `session`. Then ends the daemon, if a recording
 * started it and it has no other sessions.
 */
void ffitap_system_daemon_leave(const char *session);

#endif
