/* ffitap record: runs a program and records its foreign calls. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <popt.h>

#include "buffers.h"
#include "child.h"
#include "commands.h"
#include "count.h"
#include "daemon.h"
#include "description.h"
#include "events.h"
#include "message.h"
#include "output.h"
#include "preload.h"
#include "rehearsal.h"
#include "session.h"
#include "signals.h"

#define DEFAULT_DIRECTORY "ffitap.data"
#define TOKEN_BYTES       8

/* What the number of events in the summary may cost. */
#define COUNT_BUDGET_MS 3000

/* What the user wants. */
struct request {
    const char *directory;
    const char *events;
    const char *buffer_size;
    enum ffitap_event_set set;
    uint64_t buffer_bytes; /* 0: as much as seems right */
    const char **command;
};

/* Everything that a recording needs while it runs. */
struct run {
    const struct request *request;
    char token[2 * TOKEN_BYTES + 1];
    struct ffitap_buffer buffers[FFITAP_CHANNEL_COUNT];
    struct ffitap_output output;
    struct ffitap_daemon daemon;
    struct ffitap_child child;
    struct ffitap_session session;
    struct ffitap_rehearsal rehearsal;
    struct ffitap_recording recording;
    int signals;
};

static int exit_status_of(int exec_error)
{
    return exec_error == ENOENT || exec_error == ENOTDIR ? FFITAP_EXIT_NOT_FOUND
                                                         : FFITAP_EXIT_NOT_EXECUTABLE;
}

static bool make_token(char *token)
{
    unsigned char bytes[TOKEN_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        ffitap_say("no random numbers: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        sprintf(token + 2 * i, "%02x", bytes[i]);
    return true;
}

/* LTTng itself notices a lack of memory only when the program registers, and tells only its log. */
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

static bool fork_program(struct run *run)
{
    char *preload = ffitap_preload_list();
    if (!preload)
        return false;

    sigset_t mask;
    char **environment = ffitap_preload_environment(preload, run->token, run->daemon.home);
    ffitap_signals_block(&mask);
    const bool forked =
        environment && ffitap_child_fork(&run->child, run->request->command, environment, &mask);
    if (!forked)
        ffitap_say("%s: cannot start it: %s", run->request->command[0], strerror(errno));
    ffitap_preload_free_environment(environment);
    free(preload);
    if (!forked)
        return false;
    run->signals = ffitap_signals_open();
    if (run->signals < 0)
        ffitap_say("signalfd: %s", strerror(errno));
    return run->signals >= 0;
}

/* All that leaves no trace where the user might see it. */
static bool prepare(struct run *run)
{
    const struct request *request = run->request;

    return make_token(run->token) &&
           ffitap_output_init(&run->output, request->directory, run->token) &&
           choose_buffers(run) && ffitap_daemon_init(&run->daemon) && fork_program(run);
}

static bool write_description(struct run *run)
{
    if (ffitap_recording_write(&run->recording, run->output.path) == 0)
        return true;
    ffitap_say("%s: cannot write into it: %s", run->output.path, strerror(errno));
    return false;
}

static bool start_session(struct run *run)
{
    struct ffitap_session_options options = {
        .directory = run->output.trace,
        .set = run->request->set,
    };

    memcpy(options.buffers, run->buffers, sizeof options.buffers);
    return ffitap_session_start(&run->session, &options) &&
           ffitap_rehearsal_start(&run->rehearsal, ffitap_daemon_home_inside(&run->daemon),
                                  options.directory, options.set);
}

/* Starts the recording and lets the program go. Returns 0 or ffitap's exit status. */
static int start(struct run *run)
{
    const struct request *request = run->request;

    snprintf(run->session.name, sizeof run->session.name, "ffitap-%s", run->token);
    if (!ffitap_daemon_start(&run->daemon, run->session.name) ||
        !ffitap_output_create(&run->output) || !start_session(run) ||
        !ffitap_description_init(&run->recording, run->token, request->command, request->events))
        return FFITAP_EXIT_FAILED;
    run->recording.pid = run->child.pid;
    if (!write_description(run))
        return FFITAP_EXIT_FAILED;
    const int error = ffitap_child_release(&run->child);
    if (error == 0)
        return 0;
    ffitap_say("%s: %s", request->command[0], strerror(error));
    return exit_status_of(error);
}

static void wait_for_program(struct run *run)
{
    struct ffitap_child_end end;

    while (!ffitap_child_reap(&run->child, &end))
        ffitap_signals_wait(run->signals, run->child.pid);
    /* The Ctrl-C that ended the program is no wish to skip the rest. */
    ffitap_signals_asked_to_end(run->signals);
    run->recording.ended = true;
    run->recording.signaled = end.signaled;
    run->recording.code = end.code;
    run->recording.duration_ns = end.duration_ns;
}

/* Writes the recording's end; says what of it is missing. */
static void finish(struct run *run)
{
    bool complete = ffitap_session_stop(&run->session, run->signals);
    const struct ffitap_losses losses = ffitap_session_losses(&run->session);

    /* A private daemon takes its session along, and is half a second faster at it. */
    if (run->daemon.is_shared)
        ffitap_session_destroy(&run->session);
    run->recording.discarded_events = losses.discarded_events;
    run->recording.lost_packets = losses.lost_packets;
    if (ffitap_daemon_is_lost(&run->daemon)) {
        ffitap_say("the session daemon ended early; the end of the recording is missing");
        complete = false;
    }
    if (ffitap_daemon_logged(&run->daemon, strerror(ENOSPC))) {
        ffitap_say("%s: %s; part of the recording is missing", run->output.path, strerror(ENOSPC));
        complete = false;
    }
    ffitap_daemon_stop(&run->daemon);
    ffitap_rehearsal_end(&run->rehearsal);
    run->recording.incomplete = !complete;
    write_description(run);
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

static void explain_emptiness(const struct request *request)
{
    ffitap_say("%s: no event came from it; a program that is statically linked, or set-user-ID, or "
               "that clears its environment loads none of ffitap's libraries",
               request->command[0]);
}

/* As many as can be counted in a few seconds: the reader of the report learns the rest anyway. */
static void count_events(const struct run *run, char *text, size_t room)
{
    struct ffitap_count count;

    *text = '\0';
    /* On traces that were cut babeltrace may crash or never end, as the report's reader knows. */
    if (run->recording.incomplete ||
        !ffitap_count_events(run->output.trace, COUNT_BUDGET_MS, &count))
        return;
    snprintf(text, room, "%s%llu event%s, ", count.complete ? "" : "more than ",
             (unsigned long long)count.events, count.events == 1 ? "" : "s");
    if (count.complete && count.events == 0)
        explain_emptiness(run->request);
}

static void summarize(const struct run *run)
{
    const char *directory = run->request->directory;
    const bool is_default = strcmp(directory, DEFAULT_DIRECTORY) == 0;
    const uint64_t bytes = ffitap_output_size(&run->output);
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
    struct run run = {.request = request, .signals = -1};
    int status = prepare(&run) ? start(&run) : FFITAP_EXIT_FAILED;

    if (status == 0) {
        ffitap_output_commit(&run.output);
        wait_for_program(&run);
        finish(&run);
        summarize(&run);
        status = run.recording.code + (run.recording.signaled ? FFITAP_EXIT_SIGNALED : 0);
    } else {
        ffitap_child_abandon(&run.child);
        ffitap_session_destroy(&run.session);
        ffitap_daemon_stop(&run.daemon);
        ffitap_rehearsal_end(&run.rehearsal);
        ffitap_output_undo(&run.output);
    }
    ffitap_session_fini(&run.session);
    ffitap_recording_fini(&run.recording);
    ffitap_output_fini(&run.output);
    return status;
}

static bool understand(struct request *request)
{
    if (!ffitap_events_find(request->events, &request->set)) {
        ffitap_say("--events: '%s' is none of calls, detail and loads", request->events);
        return false;
    }
    if (request->buffer_size &&
        !ffitap_buffers_parse(request->buffer_size, &request->buffer_bytes)) {
        ffitap_say("--buffer-size: '%s' is no size; say 64M, for example", request->buffer_size);
        return false;
    }
    if (!request->command || !request->command[0]) {
        ffitap_say("no program given; see ffitap record --help");
        return false;
    }
    return true;
}

static int record_as_requested(struct request *request)
{
    if (!understand(request))
        return FFITAP_EXIT_FAILED;
    const int error = ffitap_child_probe(request->command[0]);
    if (error == 0)
        return record(request);
    ffitap_say("%s: %s", request->command[0], strerror(error));
    return exit_status_of(error);
}

/* For `ffitap record ffitap record ...`. `argv` is the command's own, "ffitap record" one word. */
static void leave_outer_recording(int argc, const char **argv)
{
    const char **words = calloc((size_t)argc + 2, sizeof *words);

    if (!words)
        return;
    words[0] = "ffitap";
    words[1] = "record";
    for (int i = 1; i < argc; i++)
        words[i + 1] = argv[i];
    ffitap_preload_shed(words);
    free(words);
}

int ffitap_command_record(int argc, const char **argv)
{
    leave_outer_recording(argc, argv);

    char *directory = NULL, *events = NULL, *buffer_size = NULL;
    const struct poptOption options[] = {
        {"output", 'o', POPT_ARG_STRING, &directory, 0,
         "write the recording into DIR (default: " DEFAULT_DIRECTORY ")", "DIR"},
        {"events", 'e', POPT_ARG_STRING, &events, 0,
         "what to record: calls (default), detail or loads", "SET"},
        {"buffer-size", 'b', POPT_ARG_STRING, &buffer_size, 0,
         "buffer SIZE bytes of calls per CPU (with suffix K, M or G)", "SIZE"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    poptContext context = poptGetContext("ffitap", argc, argv, options, POPT_CONTEXT_POSIXMEHARDER);
    int status = FFITAP_EXIT_FAILED;

    poptSetOtherOptionHelp(context, "[OPTION...] [--] PROGRAM [ARGUMENT...]");
    const int choice = poptGetNextOpt(context);
    if (choice < -1) {
        ffitap_say("%s: %s; see ffitap record --help", poptBadOption(context, 0),
                   poptStrerror(choice));
    } else {
        status = record_as_requested(&(struct request){
            .directory = directory ? directory : DEFAULT_DIRECTORY,
            .events = events ? events : "calls",
            .buffer_size = buffer_size,
            .command = poptGetArgs(context),
        });
    }
    poptFreeContext(context);
    free(directory);
    free(events);
    free(buffer_size);
    return status;
}
