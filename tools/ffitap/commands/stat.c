/* ffitap stat: runs a program and counts its foreign calls in the program itself. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "ffitap/view/stat_table.h"
#include "recorder/clock.h"
#include "recorder/description.h"
#include "recorder/directory.h"
#include "recorder/filter.h"
#include "recorder/interval.h"
#include "recorder/message.h"
#include "recorder/preload.h"
#include "recorder/program.h"
#include "report/report.h"
#include "tap/base/environment.h"

/* What the user wants. */
struct request {
    char *directory; /* NULL: the statistics are not kept once the table is printed */
    char *json;      /* NULL: none */
    char *interval;  /* NULL: one table, at the end */
    uint64_t interval_ns;
    struct ffitap_filter filter;
    const char **command;
};

/* Everything that the counting needs while the program runs. */
struct run {
    const struct request *request;
    char token[FFITAP_TOKEN_SIZE];
    struct ffitap_directory directory;
    struct ffitap_program program;
    struct ffitap_recording recording;
};

static bool create_output(struct run *run)
{
    const char *directory = run->request->directory;
    const bool created = directory
                             ? ffitap_directory_init(&run->directory, directory, run->token) &&
                                   ffitap_directory_create(&run->directory)
                             : ffitap_directory_create_temporary(&run->directory);

    return created && ffitap_directory_open_statistics(&run->directory);
}

/* Keeps LTTng out of programs that use the core, which would load it otherwise. */
static bool fork_program(struct run *run)
{
    const struct ffitap_variable variables[] = {
        {FFITAP__ENV_RECORDING, run->token},
        {FFITAP__ENV_STAT_DIR, run->directory.statistics},
        {FFITAP__ENV_LTTNG, "0"},
        {FFITAP__ENV_FILTER, run->request->filter.text},
    };

    return ffitap_program_fork(&run->program, FFITAP_PRELOAD_COUNTING, variables,
                               sizeof variables / sizeof *variables);
}

/* Lets the program go once everything is in place. Returns 0 or ffitap's exit status. */
static int start(struct run *run)
{
    const struct ffitap_description description = {
        .token = run->token,
        .command = run->request->command,
        .mode = FFITAP_RECORDING_MODE_STAT,
        .events = "",
        .filter = ffitap_filter_borrow_list(&run->request->filter),
    };

    if (!ffitap_description_make_token(run->token) || !create_output(run) || !fork_program(run) ||
        !ffitap_description_init(&run->recording, &description))
        return FFITAP_EXIT_FAILED;
    run->recording.pid = run->program.child.pid;
    if (!ffitap_description_write(&run->recording, run->directory.path))
        return FFITAP_EXIT_FAILED;
    return ffitap_program_start(&run->program);
}

/* Prints what was counted so far. */
static void print_meanwhile(void *data)
{
    const struct run *run = data;

    ffitap_stat_table_meanwhile(&run->recording, run->directory.path,
                                ffitap_clock_ns() - run->program.child.start_ns);
}

/* Prints the table, and writes the report if one is wanted. */
static void finish(struct run *run)
{
    const struct ffitap_report_options report = {
        .directory = run->directory.path,
        .output = run->request->json,
        .format = ffitap_report_format("json"),
    };

    ffitap_directory_close_statistics(&run->directory);
    ffitap_description_write(&run->recording, run->directory.path);
    ffitap_stat_table_final(&run->recording, run->directory.path);
    if (report.output)
        ffitap_report_run(&report);
}

static int stat_program(const struct request *request)
{
    struct run run = {.request = request};
    const struct ffitap_program_beat beat = {request->interval_ns, print_meanwhile, &run};

    ffitap_program_init(&run.program, request->command);
    int status = start(&run);

    if (status == 0) {
        if (request->directory)
            ffitap_directory_commit(&run.directory);
        ffitap_program_wait(&run.program, &run.recording, &beat);
        finish(&run);
        status = ffitap_program_exit_status(&run.recording);
    } else {
        ffitap_program_abandon(&run.program);
    }
    ffitap_directory_undo(&run.directory); /* what was committed stays */
    ffitap_recording_fini(&run.recording);
    ffitap_directory_fini(&run.directory);
    return status;
}

/* Whether the report can be written to `file`: 0, or an errno. A file that is there already will be
 * replaced. */
static int probe_output(const char *file)
{
    struct stat status;
    const bool there = stat(file, &status) == 0;

    if (!*file)
        return ENOENT;
    if (there && S_ISDIR(status.st_mode))
        return EISDIR;
    if (there && !S_ISREG(status.st_mode))
        return access(file, W_OK) == 0 ? 0 : errno;
    char *path = there ? realpath(file, NULL) : strdup(file);
    const int error = path && access(dirname(path), W_OK | X_OK) == 0 ? 0 : errno;
    free(path);
    return error;
}

/* Checks the file now, because the program may run for long before it is written. */
static bool understand_json(const char *file)
{
    if (strcmp(file, "-") == 0) {
        ffitap_say("--json: standard output is the program's; name a file");
        return false;
    }
    const int error = probe_output(file);
    if (error)
        ffitap_say("--json: '%s': %s", file, strerror(error));
    return error == 0;
}

static bool understand(struct request *request)
{
    if (request->interval && !ffitap_interval_understand(request->interval, &request->interval_ns))
        return false;
    if (request->json && !understand_json(request->json))
        return false;
    return ffitap_filter_understand(&request->filter);
}

static int stat_as_requested(const char **words, void *data)
{
    struct request *request = data;

    request->command = words;
    if (!understand(request))
        return FFITAP_EXIT_FAILED;
    const int status = ffitap_program_probe(request->command);
    return status ? status : stat_program(request);
}

int ffitap_command_stat(int argc, const char **argv)
{
    ffitap_preload_shed(argc, argv);

    struct request request = {0};
    const struct poptOption options[] = {
        {"output", 'o', POPT_ARG_STRING, &request.directory, 0,
         "keep the statistics in DIR for ffitap report", "DIR"},
        {"json", '\0', POPT_ARG_STRING, &request.json, 0, "write the JSON report, too, into FILE",
         "FILE"},
        {"interval", '\0', POPT_ARG_STRING, &request.interval, 0,
         "print what was counted so far every so many seconds", "SECONDS"},
        {"filter", '\0', POPT_ARG_ARGV, &request.filter.arguments, 0,
         "count only calls of functions that match, or with ! do not", "=PATTERN,..."},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {FFITAP_USAGE_PROGRAM, .options = options};
    const int status = ffitap_command_parse(argc, argv, &usage, stat_as_requested, &request);

    free(request.directory);
    free(request.json);
    free(request.interval);
    ffitap_filter_fini(&request.filter);
    return status;
}
