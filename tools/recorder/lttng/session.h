/* The recording's session in LTTng's daemon: what it records, how, and what it lost. */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_SESSION_H
#define FFITAP_TOOLS_RECORDER_LTTNG_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "recorder/lttng/buffers.h"
#include "recorder/lttng/events.h"

struct lttng_handle;

struct ffitap_session {
    char name[64];
    struct lttng_handle *handle; /* NULL: no session */
};

struct ffitap_session_options {
    const char *directory; /* where the trace goes */
    enum ffitap_event_set set;
    struct ffitap_buffer buffers[FFITAP_CHANNEL_COUNT];
    unsigned kept_parts; /* of calls, per CPU: older ones make room on the disk; 0: all */
};

struct ffitap_losses {
    uint64_t discarded_events;
    uint64_t lost_packets;
};

/* Creates the session and starts it. False, having said why, with nothing left behind. */
bool ffitap_session_start(struct ffitap_session *session,
                          const struct ffitap_session_options *options);

/*
 * Leaves all processes out of the session but the `count` in `pids`, which have not registered yet.
 * False, having said why.
 */
bool ffitap_session_restrict(const struct ffitap_session *session, const pid_t *pids, size_t count);

/*
 * Stops the session and waits until all that is buffered is written, unless `descriptor`, a
 * signalfd, says that the user no longer wants to. False, having said why, if the end may be
 * missing.
 */
bool ffitap_session_stop(struct ffitap_session *session, int descriptor);

/* What was lost, known once the session has stopped. */
struct ffitap_losses ffitap_session_losses(const struct ffitap_session *session);

/* Destroys the session; the trace is complete then. Does nothing if there is no session. */
void ffitap_session_destroy(struct ffitap_session *session);

/* Releases what `session` holds here; nothing happens to it in the daemon. */
void ffitap_session_fini(struct ffitap_session *session);

#endif
