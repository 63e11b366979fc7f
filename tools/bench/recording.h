/* What records processes of the bench: one session daemon, as for any recording, with a session for
 * the default events and one for all events. */
#ifndef FFITAP_TOOLS_BENCH_RECORDING_H
#define FFITAP_TOOLS_BENCH_RECORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "recorder/description.h"
#include "recorder/lttng/daemon.h"
#include "recorder/lttng/session.h"
#include "recorder/lttng/warm_up.h"

#define FFITAP_BENCH_SESSIONS 2

struct ffitap_bench_recording {
    char token[FFITAP_TOKEN_SIZE];
    struct ffitap_daemon daemon;
    struct ffitap_session sessions[FFITAP_BENCH_SESSIONS];
    struct ffitap_warm_up warm_ups[FFITAP_BENCH_SESSIONS];
    uint64_t buffer_bytes; /* of calls, per CPU */
};

/* The processes of a session. */
struct ffitap_bench_members {
    enum ffitap_event_set set;
    pid_t pids[FFITAP_BENCH_SESSIONS];
    size_t count;
};

/* The value to begin with: nothing is recorded. ffitap_bench_recording_end() takes it, too. */
extern const struct ffitap_bench_recording ffitap_bench_no_recording;

/* Does all that has to be done before the processes are forked. False, having said why. */
bool ffitap_bench_recording_init(struct ffitap_bench_recording *recording);

/*
 * Records the members of each session into `directory`; these processes must still be waiting at
 * their gates. The traces stay small, because their oldest parts are dropped to make room. False,
 * having said why.
 */
bool ffitap_bench_recording_start(struct ffitap_bench_recording *recording, const char *directory,
                                  const struct ffitap_bench_members members[FFITAP_BENCH_SESSIONS]);

/* Stops the sessions; returns how many events found no room. `descriptor` is a signalfd's. */
uint64_t ffitap_bench_recording_stop(struct ffitap_bench_recording *recording, int descriptor);

/* Ends the daemon. Nothing is left but what is in the directory. */
void ffitap_bench_recording_end(struct ffitap_bench_recording *recording);

#endif
