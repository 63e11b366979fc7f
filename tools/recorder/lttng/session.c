#include "recorder/lttng/session.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recorder/lttng/control.h"
#include "recorder/message.h"
#include "recorder/signals.h"

#define DESTROY_TIMEOUT_MS 10000
#define SILENCE_MS         1000 /* a flush that takes longer is announced */
#define POLL_MOST_MS       20

/* All processes of a user share buffers, so that a child that lives only for a moment allocates
 * none. */
static struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};

/* Says why, if `status` is one of liblttng-ctl's errors. */
static bool succeeded(int status, const char *what)
{
    if (status < 0)
        ffitap_say("LTTng cannot %s: %s", what, ffitap_lttng.strerror(status));
    return status >= 0;
}

/* Chooses CTF 1.8: babeltrace 2.0 reads no other format, and the report knows in which ways this
 * one can be damaged. */
static bool choose_format(struct lttng_session_descriptor *descriptor)
{
    return !ffitap_lttng.set_trace_format ||
           ffitap_lttng.set_trace_format(descriptor, FFITAP_LTTNG_CTF_1_8) == 0;
}

static bool create(const char *name, const char *directory)
{
    struct lttng_session_descriptor *descriptor =
        ffitap_lttng.session_descriptor_local_create(name, directory);
    const int status = descriptor && choose_format(descriptor)
                           ? -(int)ffitap_lttng.create_session_ext(descriptor)
                           : -LTTNG_ERR_INVALID;

    ffitap_lttng.session_descriptor_destroy(descriptor);
    return succeeded(status == -LTTNG_OK ? 0 : status, "create a session");
}

/* LTTng begins a file anew when the next part would not fit, and the oldest file then goes. */
static void bound_files(struct lttng_channel_attr *attributes, const struct ffitap_buffer *buffer,
                        unsigned parts)
{
    attributes->tracefile_count = 2;
    attributes->tracefile_size = buffer->part_size * (parts > 2 ? parts / 2 : 1);
}

/* Sets every field, because LTTng's versions differ in which ones they look at. What has no field
 * keeps LTTng's default, so a program never has to wait for room in a buffer. */
static void describe_channel(struct lttng_channel *channel, const char *name,
                             const struct ffitap_buffer *buffer, unsigned kept_parts)
{
    struct lttng_channel_attr *attributes = &channel->attr;

    snprintf(channel->name, sizeof channel->name, "%s", name);
    channel->enabled = 1;      /* before 2.16 each new channel was */
    attributes->overwrite = 0; /* what does not fit is discarded and counted */
    attributes->subbuf_size = buffer->part_size;
    attributes->num_subbuf = buffer->part_count;
    attributes->output = LTTNG_EVENT_MMAP;
    attributes->switch_timer_interval = 0; /* a part is written when it is full, or at the end */
    attributes->read_timer_interval = 0;   /* the writer that fills a part wakes the consumer */
    attributes->live_timer_interval = 0;
    attributes->tracefile_count = attributes->tracefile_size = 0;
    if (kept_parts)
        bound_files(attributes, buffer, kept_parts);
}

static bool create_channel(struct lttng_handle *handle, const char *name,
                           const struct ffitap_buffer *buffer, unsigned kept_parts)
{
    struct lttng_channel *channel = ffitap_lttng.channel_create(&domain);

    if (!channel)
        return succeeded(-LTTNG_ERR_NOMEM, "create a channel");
    describe_channel(channel, name, buffer, kept_parts);
    const int status = ffitap_lttng.enable_channel(handle, channel);
    ffitap_lttng.channel_destroy(channel);
    if (status < 0)
        ffitap_say("LTTng cannot create the channel '%s': %s; see --buffer-size", name,
                   ffitap_lttng.strerror(status));
    return status >= 0;
}

static bool add_contexts(struct lttng_handle *handle, const char *channel)
{
    static const enum lttng_event_context_type types[] = {LTTNG_EVENT_CONTEXT_VPID,
                                                          LTTNG_EVENT_CONTEXT_VTID};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct lttng_event_context context = {.ctx = types[i]};
        if (!succeeded(ffitap_lttng.add_context(handle, &context, NULL, channel), "add a context"))
            return false;
    }
    return true;
}

static bool enable_events(struct lttng_handle *handle, enum ffitap_event_set set)
{
    bool enabled = true;

    for (size_t i = 0; enabled && i < ffitap_event_count; i++) {
        const struct ffitap_event *wanted = &ffitap_events[i];
        if (!(wanted->sets & set))
            continue;
        struct lttng_event *event = ffitap_lttng.event_create();
        if (!event)
            return succeeded(-LTTNG_ERR_NOMEM, "enable an event");
        event->type = LTTNG_EVENT_TRACEPOINT;
        event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
        event->loglevel = -1; /* none in particular */
        event->enabled = 1;
        snprintf(event->name, sizeof event->name, "%s", wanted->name);
        enabled = succeeded(
            ffitap_lttng.enable_event(handle, event, ffitap_channel_names[wanted->channel]),
            "enable an event");
        ffitap_lttng.event_destroy(event);
    }
    return enabled;
}

static bool furnish(struct lttng_handle *handle, const struct ffitap_session_options *options)
{
    for (int i = 0; i < FFITAP_CHANNEL_COUNT; i++) {
        if (ffitap_events_use(options->set, (enum ffitap_channel)i) &&
            !(create_channel(handle, ffitap_channel_names[i], &options->buffers[i],
                             i == FFITAP_CHANNEL_CALLS ? options->kept_parts : 0) &&
              add_contexts(handle, ffitap_channel_names[i])))
            return false;
    }
    return enable_events(handle, options->set);
}

bool ffitap_session_start(struct ffitap_session *session,
                          const struct ffitap_session_options *options)
{
    if (!create(session->name, options->directory))
        return false;
    session->handle = ffitap_lttng.create_handle(session->name, &domain);
    if (session->handle && furnish(session->handle, options) &&
        succeeded(ffitap_lttng.start_tracing(session->name), "start the session"))
        return true;
    ffitap_session_destroy(session);
    return false;
}

bool ffitap_session_restrict(const struct ffitap_session *session, const pid_t *pids, size_t count)
{
    struct lttng_process_attr_tracker_handle *tracker;
    const int status = -(int)ffitap_lttng.session_get_tracker_handle(
        session->name, domain.type, LTTNG_PROCESS_ATTR_VIRTUAL_PROCESS_ID, &tracker);

    if (status != -LTTNG_OK)
        return succeeded(status, "tell processes apart");
    bool restricted = ffitap_lttng.process_attr_tracker_handle_set_tracking_policy(
                          tracker, LTTNG_TRACKING_POLICY_INCLUDE_SET) ==
                      LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_OK;
    for (size_t i = 0; restricted && i < count; i++)
        restricted = ffitap_lttng.process_attr_virtual_process_id_tracker_handle_add_pid(
                         tracker, pids[i]) == LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_OK;
    ffitap_lttng.process_attr_tracker_handle_destroy(tracker);
    return succeeded(restricted ? 0 : -LTTNG_ERR_UNK, "tell processes apart");
}

/*
 * lttng_stop_tracing() waits too, but looks only every 200 ms, which would be most of the time that
 * a short recording takes.
 */
static bool wait_for_data(const char *name, int descriptor)
{
    struct pollfd asked = {.fd = descriptor, .events = POLLIN};
    int pause_ms = 1, waited_ms = 0;

    for (int pending; (pending = ffitap_lttng.data_pending(name)) != 0;) {
        if (!succeeded(pending, "write out the end of the recording"))
            return false;
        if (poll(&asked, 1, pause_ms) > 0 && ffitap_signals_asked_to_end(descriptor)) {
            ffitap_say("interrupted; the end of the recording may be missing");
            return false;
        }
        const bool was_silent = waited_ms < SILENCE_MS;
        waited_ms += pause_ms;
        if (was_silent && waited_ms >= SILENCE_MS && isatty(STDERR_FILENO))
            ffitap_say("writing out what is buffered (Ctrl-C leaves it out)");
        if (pause_ms < POLL_MOST_MS)
            pause_ms *= 2;
    }
    return true;
}

bool ffitap_session_stop(struct ffitap_session *session, int descriptor)
{
    return succeeded(ffitap_lttng.stop_tracing_no_wait(session->name), "stop the session") &&
           wait_for_data(session->name, descriptor);
}

/*
 * Several processes write to one buffer, so now and then the consumer daemon finds the buffer's
 * count of discarded events a little lower than before. The daemon takes that for an overflow, and
 * adds the whole range of a count of 63 bits. This takes such ranges off again.
 */
static uint64_t without_overflows(uint64_t discarded)
{
    return discarded & INT64_MAX;
}

struct ffitap_losses ffitap_session_losses(const struct ffitap_session *session)
{
    struct ffitap_losses losses = {0};
    struct lttng_channel *channels = NULL;
    const int count = ffitap_lttng.list_channels(session->handle, &channels);

    for (int i = 0; i < count; i++) {
        uint64_t number;
        if (ffitap_lttng.channel_get_discarded_event_count(&channels[i], &number) == 0)
            losses.discarded_events += without_overflows(number);
        if (ffitap_lttng.channel_get_lost_packet_count(&channels[i], &number) == 0)
            losses.lost_packets += number;
    }
    free(channels);
    return losses;
}

void ffitap_session_destroy(struct ffitap_session *session)
{
    struct lttng_destruction_handle *destruction = NULL;

    if (!session->handle)
        return;
    ffitap_session_fini(session);
    if (ffitap_lttng.destroy_session_ext(session->name, &destruction) != LTTNG_OK)
        return;
    ffitap_lttng.destruction_handle_wait_for_completion(destruction, DESTROY_TIMEOUT_MS);
    ffitap_lttng.destruction_handle_destroy(destruction);
}

void ffitap_session_fini(struct ffitap_session *session)
{
    if (session->handle)
        ffitap_lttng.destroy_handle(session->handle);
    session->handle = NULL;
}
