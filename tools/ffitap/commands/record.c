/* ffitap record: runs a program and records its foreign calls. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "program/executable.h"
#include "recorder/description.h"
#include "recorder/directory.h"
#include "recorder/event_count.h"
#include "recorder/filter.h"
#include "recorder/lttng/buffers.h"
#include "recorder/lttng/control.h"
#include "recorder/lttng/daemon.h"
#include "recorder/lttng/events.h"
#include "recorder/lttng/session.h"
#include "recorder/lttng/warm_up.h"
#include "recorder/message.h"
#include "recorder/preload.h"
#include "recorder/program.h"
#include "recorder/signals.h"
#include "tap/base/environment.h"

/* LTTng's 3 seconds are few on a loaded machine, and a program that starts late loses its start. */
#define REGISTER_TIMEOUT_MS "10000"

/* How long it may take to count the events for the summary. */
#define COUNT_BUDGET_MS 3000

/* What the user wants. */
struct request {
    char *directory;   /* NULL: FFITAP_RECORDING_DIRECTORY */
    char *events;      /* NULL: the calls */
    char *buffer_size; /* NULL: as much as seems right */
    struct ffitap_filter filter;
    enum ffitap_event_set set;
    uint64_t buffer_bytes; /* 0: the same */
    const char **command;
};

static const char *directory_of(const struct request *request)
{
    return request->directory ? request->directory : FFITAP_RECORDING_DIRECTORY;
}

static const char *events_of(const struct request *request)
{
    return request->events ? request->events : "calls";
}

/* Everything that a recording needs while it runs. */
struct run {
    const struct request *request;
    char token[FFITAP_TOKEN_SIZE];
    struct ffitap_buffer buffers[FFITAP_CHANNEL_COUNT];
    struct ffitap_directory directory;
    struct ffitap_daemon daemon;
    struct ffitap_program program;
    struct ffitap_session session;
    struct ffitap_warm_up warm_up;
    struct ffitap_recording recording;
};

/* Chooses the sizes, and checks that there is enough memory. LTTng itself notices a lack only when
 * the program registers, and says so only in its log. */
static bool choose_buffers(struct run *run)
{
    const struct ffitap_memory memory = ffitap_memory_get();
    struct ffitap_buffer *calls = &run->buffers[FFITAP_CHANNEL_CALLS];
    struct ffitap_buffer *definitions = &run->buffers[FFITAP_CHANNEL_DEFINITIONS];

    *definitions = ffitap_buffers_for_definitions(&memory);
    *calls = run->request->buffer_bytes ? ffitap_buffers_for_calls(run->request->buffer_bytes)
                                        : ffitap_buffers_default_for_calls(&memory);
    const uint64_t needed =
        ffitap_buffers_total(definitions, memory.cpus) + ffitap_buffers_total(calls, memory.cpus);
    if (needed <= memory.available)
        return true;
    ffitap_say("--buffer-size: %u CPUs need %.1f MiB of buffers, and /dev/shm has %.1f MiB free",
               memory.cpus, (double)needed / 0x1p20, (double)memory.available / 0x1p20);
    return false;
}

/* A user who wants no calls in the trace does not want to pay for counting calls, either. */
static bool wants_statistics(const struct run *run)
{
    return run->request->set != FFITAP_EVENTS_LOADS;
}

static bool fork_program(struct run *run)
{
    const char *timeout = getenv("LTTNG_UST_REGISTER_TIMEOUT");
    const struct ffitap_variable variables[] = {
        {FFITAP__ENV_RECORDING, run->token},
        {FFITAP__ENV_LTTNG, "1"}, /* even if LTTng is not wanted in other programs */
        {"LTTNG_HOME", run->daemon.home},
        {"LTTNG_UST_REGISTER_TIMEOUT", timeout ? timeout : REGISTER_TIMEOUT_MS},
        {FFITAP__ENV_STAT_DIR, wants_statistics(run) ? run->directory.statistics : NULL},
        {FFITAP__ENV_FILTER, run->request->filter.text},
    };

    return ffitap_program_fork(&run->program, FFITAP_PRELOAD_TRACING, variables,
                               sizeof variables / sizeof *variables);
}

/* Prepares everything that does not yet change anything that the user can see. */
static bool prepare(struct run *run)
{
    const struct request *request = run->request;

    return ffitap_description_make_token(run->token) &&
           ffitap_directory_init(&run->directory, directory_of(request), run->token) &&
           choose_buffers(run) && ffitap_lttng_load() && ffitap_daemon_init(&run->daemon) &&
           fork_program(run);
}

static bool start_session(struct run *run)
{
    struct ffitap_session_options options = {
        .directory = run->directory.trace,
        .set = run->request->set,
    };

    memcpy(options.buffers, run->buffers, sizeof options.buffers);
    return ffitap_session_start(&run->session, &options) &&
           ffitap_warm_up_start(&run->warm_up, ffitap_daemon_home_inside(&run->daemon),
                                options.directory, options.set);
}

static bool create_output(struct run *run)
{
    return ffitap_directory_create(&run->directory) &&
           (!wants_statistics(run) || ffitap_directory_open_statistics(&run->directory));
}

/* Starts the recording and lets the program go. Returns 0 or ffitap's exit status. */
static int start(struct run *run)
{
    const struct ffitap_description description = {
        .token = run->token,
        .command = run->request->command,
        .mode = "record",
        .events = events_of(run->request),
        .filter = ffitap_filter_borrow_list(&run->request->filter),
        .lttng = FFITAP_LTTNG_VERSION,
    };

    snprintf(run->session.name, sizeof run->session.name, "ffitap-%s", run->token);
    if (!ffitap_daemon_start(&run->daemon, run->session.name) || !create_output(run) ||
        !start_session(run) || !ffitap_description_init(&run->recording, &description))
        return FFITAP_EXIT_FAILED;
    run->recording.pid = run->program.child.pid;
    if (!ffitap_description_write(&run->recording, run->directory.path))
        return FFITAP_EXIT_FAILED;
    return ffitap_program_start(&run->program);
}

/* Writes the end of the recording, and says what is missing. */
static void finish(struct run *run)
{
    if (wants_statistics(run))
        ffitap_directory_close_statistics(&run->directory);
    bool complete = ffitap_session_stop(&run->session, run->program.signals);
    const struct ffitap_losses losses = ffitap_session_losses(&run->session);

    /* When a private daemon ends, its session ends with it. That is half a second faster than to
     * destroy the session first. */
    if (run->daemon.is_shared)
        ffitap_session_destroy(&run->session);
    run->recording.discarded_events = losses.discarded_events;
    run->recording.lost_packets = losses.lost_packets;
    if (ffitap_daemon_logged(&run->daemon, strerror(ENOSPC))) {
        ffitap_say("%s: %s; part of the recording is missing", run->directory.path,
                   strerror(ENOSPC));
        complete = false;
    }
    if (ffitap_daemon_stop(&run->daemon)) {
        ffitap_say("the session daemon ended early; the end of the recording is missing");
        complete = false;
    }
    ffitap_warm_up_end(&run->warm_up);
    run->recording.incomplete = !complete;
    ffitap_description_write(&run->recording, run->directory.path);
}

static void format_size(char *text, size_t room, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double amount = (double)bytes;
    unsigned unit = 0;

    for (; amount >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        amount /= 1024;
    snprintf(text, room, "%.*f %s", unit ? 1 : 0, amount, units[unit]);
}

/* Says why the trace is empty. The program is not blamed if it was seen, or if nothing tells
 * whether it was. */
static void explain_emptiness(const struct run *run)
{
    const char *name = run->request->command[0], *file = run->recording.program;
    const unsigned seen = ffitap_directory_count_statistics(&run->directory);
    char *obstacle = file && !seen ? ffitap__executable_obstacle(file) : NULL;

    if (seen)
        ffitap_say("%s: %u process%s seen and counted, but LTTng delivered none of the events; the "
                   "report comes from the counts",
                   name, seen, seen == 1 ? " was" : "es were");
    else if (obstacle)
        ffitap_say("%s: no event came from it: it ran %s, %s", name, file, obstacle);
    else
        ffitap_say("%s: no event came from it%s; see ffitap doctor %s", name,
                   wants_statistics(run)
                       ? ", nor was it counted: it ended before the dynamic linker loaded the tap, "
                         "or the linker did not find the tap, or it could make no statistics file"
                       : ": it loaded none of ffitap's libraries, or LTTng delivered none of its "
                         "events",
                   name);
    g_free(obstacle);
}

/* Counts events for a few seconds and no longer; the report will tell of all of them anyway. */
static void count_events(const struct run *run, char *text, size_t room)
{
    struct ffitap_event_count count;

    *text = '\0';
    /* On a trace that was cut babeltrace may crash, or read on for ever. The report's reader is
     * prepared for that; this code is not. */
    if (run->recording.incomplete ||
        !ffitap_event_count_read(run->directory.trace, COUNT_BUDGET_MS, &count))
        return;
    snprintf(text, room, "%s%llu event%s, ", count.complete ? "" : "more than ",
             (unsigned long long)count.events, count.events == 1 ? "" : "s");
    if (count.complete && count.events == 0)
        explain_emptiness(run);
}

static void summarize(const struct run *run)
{
    const char *directory = directory_of(run->request);
    const bool is_default = strcmp(directory, FFITAP_RECORDING_DIRECTORY) == 0;
    const uint64_t bytes = ffitap_directory_size(&run->directory);
    char size[32], events[64];

    format_size(size, sizeof size, bytes);
    count_events(run, events, sizeof events);
    ffitap_say("%s%llu discarded, %s in %s (run 'ffitap report%s%s' to read it)", events,
               (unsigned long long)run->recording.discarded_events, size, directory,
               is_default ? "" : " ", is_default ? "" : directory);
    if (run->recording.discarded_events || run->recording.lost_packets)
        ffitap_say("events came faster than they could be written; a larger --buffer-size helps");
}

static int record(const struct request *request)
{
    struct run run = {.request = request, .daemon = {.lifeline = -1, .news = -1}};

    ffitap_program_init(&run.program, request->command);
    int status = prepare(&run) ? start(&run) : FFITAP_EXIT_FAILED;

    if (status == 0) {
        ffitap_directory_commit(&run.directory);
        ffitap_program_wait(&run.program, &run.recording, NULL);
        finish(&run);
        summarize(&run);
        status = ffitap_program_exit_status(&run.recording);
    } else {
        ffitap_program_abandon(&run.program);
        ffitap_session_destroy(&run.session);
        ffitap_daemon_stop(&run.daemon);
        ffitap_warm_up_end(&run.warm_up);
        ffitap_directory_undo(&run.directory);
    }
    ffitap_session_fini(&run.session);
    ffitap_recording_fini(&run.recording);
    ffitap_directory_fini(&run.directory);
    return status;
}

static bool understand(struct request *request)
{
    if (!ffitap_events_find(events_of(request), &request->set)) {
        ffitap_say("--events: '%s' is none of calls, detail and loads", events_of(request));
        return false;
    }
    if (request->buffer_size &&
        !ffitap_buffers_parse(request->buffer_size, &request->buffer_bytes)) {
        ffitap_say("--buffer-size: '%s' is no size; say 64M, for example", request->buffer_size);
        return false;
    }
    return ffitap_filter_understand(&request->filter);
}

static int record_as_requested(const char **words, void *data)
{
    struct request *request = data;

    request->command = words;
    if (!understand(request))
        return FFITAP_EXIT_FAILED;
    const int status = ffitap_program_probe(request->command);
    return status ? status : record(request);
}

int ffitap_command_record(int argc, const char **argv)
{
    ffitap_preload_shed(argc, argv);

    struct request request = {0};
    const struct poptOption options[] = {
        {"output", 'o', POPT_ARG_STRING, &request.directory, 0,
         "write the recording into DIR (default: " FFITAP_RECORDING_DIRECTORY ")", "DIR"},
        {"events", 'e', POPT_ARG_STRING, &request.events, 0,
         "choose what is recorded (default: calls)", "calls|detail|loads"},
        {"buffer-size", 'b', POPT_ARG_STRING, &request.buffer_size, 0,
         "buffer SIZE bytes of calls per CPU (with suffix K, M or G)", "SIZE"},
        {"filter", '\0', POPT_ARG_ARGV, &request.filter.arguments, 0,
         "record only calls of functions that match, or with ! do not", "=PATTERN,..."},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {FFITAP_USAGE_PROGRAM, .options = options};
    const int status = ffitap_command_parse(argc, argv, &usage, record_as_requested, &request);

    free(request.directory);
    free(request.events);
    free(request.buffer_size);
    ffitap_filter_fini(&request.filter);
    return status;
}
