#include "bench/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/lttng/control.h"
#include "recorder/message.h"

/* How many parts of each CPU's calls stay on the disk. */
#define KEPT_PARTS 4

const struct ffitap_bench_recording ffitap_bench_no_recording = {
    .daemon = {.lifeline = -1, .news = -1},
};

bool ffitap_bench_recording_init(struct ffitap_bench_recording *recording)
{
    return ffitap_description_make_token(recording->token) && ffitap_lttng_load() &&
           ffitap_daemon_init(&recording->daemon);
}

/* Starts a session as ffitap record does, with its default buffers if there is room for those of
 * two sessions. */
static bool start_session(struct ffitap_bench_recording *recording, int index,
                          const char *directory, const struct ffitap_bench_members *members)
{
    struct ffitap_session *session = &recording->sessions[index];
    struct ffitap_memory memory = ffitap_memory_get();
    struct ffitap_session_options options = {.set = members->set, .kept_parts = KEPT_PARTS};
    char *trace;

    memory.available /= (uint64_t)(FFITAP_BENCH_SESSIONS - index);
    options.buffers[FFITAP_CHANNEL_DEFINITIONS] = ffitap_buffers_for_definitions(&memory);
    options.buffers[FFITAP_CHANNEL_CALLS] = ffitap_buffers_default_for_calls(&memory);
    recording->buffer_bytes = ffitap_buffers_total(&options.buffers[FFITAP_CHANNEL_CALLS], 1);
    if (asprintf(&trace, "%s/trace-%d", directory, index) < 0) {
        ffitap_say("%s", strerror(ENOMEM));
        return false;
    }
    options.directory = trace;
    snprintf(session->name, sizeof session->name, "ffitap-%s-%d", recording->token, index);
    const bool started =
        ffitap_session_start(session, &options) &&
        ffitap_warm_up_start(&recording->warm_ups[index],
                             ffitap_daemon_home_inside(&recording->daemon), trace, members->set);
    free(trace);
    return started;
}

bool ffitap_bench_recording_start(struct ffitap_bench_recording *recording, const char *directory,
                                  const struct ffitap_bench_members members[FFITAP_BENCH_SESSIONS])
{
    char name[64];

    snprintf(name, sizeof name, "ffitap-%s", recording->token);
    if (!ffitap_daemon_start(&recording->daemon, name))
        return false;
    for (int i = 0; i < FFITAP_BENCH_SESSIONS; i++) {
        if (!start_session(recording, i, directory, &members[i]))
            return false;
    }
    /*
     * The sessions are restricted only now. A restricted session would make no buffers for the
     * processes that warm up; the buffers that it has made for them stay.
     */
    for (int i = 0; i < FFITAP_BENCH_SESSIONS; i++) {
        if (!ffitap_session_restrict(&recording->sessions[i], members[i].pids, members[i].count))
            return false;
    }
    return true;
}

uint64_t ffitap_bench_recording_stop(struct ffitap_bench_recording *recording, int descriptor)
{
    uint64_t discarded = 0;

    for (int i = 0; i < FFITAP_BENCH_SESSIONS; i++) {
        struct ffitap_session *session = &recording->sessions[i];
        if (session->handle && ffitap_session_stop(session, descriptor))
            discarded += ffitap_session_losses(session).discarded_events;
    }
    return discarded;
}

void ffitap_bench_recording_end(struct ffitap_bench_recording *recording)
{
    for (int i = 0; i < FFITAP_BENCH_SESSIONS; i++) {
        /* When a private daemon ends, its sessions end with it. That is half a second faster than
         * to destroy them first. */
        if (recording->daemon.is_shared)
            ffitap_session_destroy(&recording->sessions[i]);
    }
    ffitap_daemon_stop(&recording->daemon);
    for (int i = 0; i < FFITAP_BENCH_SESSIONS; i++) {
        ffitap_warm_up_end(&recording->warm_ups[i]);
        ffitap_session_fini(&recording->sessions[i]);
    }
}
