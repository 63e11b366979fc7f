/*
 * The session daemon of one recording. It is private to the recording and ends with it, and it has
 * no other sessions. So two recordings never see each other's events.
 *
 * LTTng looks for its sockets under $LTTNG_HOME/.lttng, except that for root both the daemon and
 * liblttng-ctl look in /var/run/lttng alone. For root ffitap therefore moves into a mount namespace
 * where that directory is the recording's private one; the traced program stays outside and finds
 * the same sockets through LTTNG_HOME. Where root may not mount (as in many containers), the
 * system's daemon is used; if none runs, one is started for the time of the recording.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_DAEMON_H
#define FFITAP_TOOLS_RECORDER_LTTNG_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#define FFITAP_DAEMON_HOME_SIZE 64

struct ffitap_daemon {
    char home[FFITAP_DAEMON_HOME_SIZE]; /* LTTNG_HOME of all that belongs to the recording */
    pid_t keeper;                       /* 0: none */
    int lifeline;                       /* closing it ends the keeper and the daemon; -1: none */
    int news;                           /* from the keeper; -1: none */
    bool is_shared;                     /* it is the system's: others may be using it */
};

/* Makes the private home. False, having said why. */
bool ffitap_daemon_init(struct ffitap_daemon *daemon);

/*
 * Starts the daemon and waits until programs can register with it; from here on liblttng-ctl talks
 * to it. Call this after the traced program was forked, because it changes the mounts that ffitap
 * sees, and ffitap's environment. The names of the sessions that will be created begin with
 * `session`. False, having said why.
 */
bool ffitap_daemon_start(struct ffitap_daemon *daemon, const char *session);

/*
 * The LTTng home through which ffitap's own processes reach the daemon: NULL for root, for whom the
 * daemon is in the place of the system's.
 */
const char *ffitap_daemon_home_inside(const struct ffitap_daemon *daemon);

/* Whether the daemon's log holds `text`. */
bool ffitap_daemon_logged(const struct ffitap_daemon *daemon, const char *text);

/*
 * Ends the daemon, if it was started, and removes the private home. The daemon is ended at once, so
 * everything that it has to write must be written, as it is after ffitap_session_stop(). Returns
 * whether the daemon had ended by itself before; the recording is then incomplete.
 */
bool ffitap_daemon_stop(struct ffitap_daemon *daemon);

#endif
