#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/exit_status.h"
#include "report/json.h"
#include "report/output.h"
#include "report/statistics.h"
#include "report/table.h"
#include "report/trace.h"
#include "report/unseen.h"
#include "report/worker.h"

/* As much as one looks at; a file or a pager takes everything. */
#define ROWS_ON_A_TERMINAL 30

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "ffitap: %s: %s\n", what, why);
    return FFITAP_EXIT_FAILED;
}

/* Statistics alone are what 'ffitap stat' leaves. */
static bool has_trace(const struct ffitap_recording *recording)
{
    return strcmp(recording->mode, FFITAP_RECORDING_MODE_STAT) != 0;
}

/* What of the recording itself makes its figures lower bounds. */
static void note_shortcomings(struct ffitap__model *model, const struct ffitap_recording *recording)
{
    if (recording->is_bare)
        return; /* its end is the programs' own business */
    if (!recording->ended)
        ffitap__model_note_damage(model,
                                  g_strdup("the recorder did not end cleanly, or is still at it"));
    else if (recording->incomplete)
        ffitap__model_note_damage(
            model,
            g_strdup("the recorder could not write all of it: the disk was full, the session "
                     "daemon was killed, or it was told to stop writing"));
    model->has_empty_trace = model->events == 0 && has_trace(recording);
}

static bool write_json(FILE *stream, const struct ffitap_recording *recording,
                       const struct ffitap__model *model)
{
    json_t *report = ffitap__json_create(recording, model);

    if (!report) {
        errno = ENOMEM;
        return false;
    }
    /* A failed write is the stream's to remember. */
    json_dumpf(report, stream, JSON_INDENT(2));
    fputc('\n', stream);
    json_decref(report);
    return true;
}

static unsigned row_limit(const struct ffitap_report_options *options)
{
    return !options->output && isatty(STDOUT_FILENO) ? ROWS_ON_A_TERMINAL : 0;
}

static int write_report(const struct ffitap_report_options *options,
                        const struct ffitap_recording *recording, const struct ffitap__model *model)
{
    const char *what = options->output ? options->output : "standard output";
    struct ffitap__output output;

    if (ffitap__output_open(&output, options->output) != 0)
        return fail(what, strerror(errno));
    if (!options->json) {
        ffitap__table_write(output.stream, recording, model, row_limit(options));
    } else if (!write_json(output.stream, recording, model)) {
        ffitap__output_abandon(&output);
        return fail(what, strerror(errno));
    }
    if (ffitap__output_commit(&output) != 0)
        return fail(what, strerror(errno));
    return 0;
}

/* What the worker works on. */
struct task {
    const struct ffitap_report_options *options;
    const struct ffitap_recording *recording;
};

/* babeltrace's own complaints through GLib; what they are about comes back as an error. */
static void drop_message(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)data;
}

static unsigned read_statistics(struct ffitap__model *model, const struct task *task)
{
    char *folder = ffitap_recording_statistics(task->recording, task->options->directory);
    const unsigned files =
        ffitap__statistics_read_folder(model, folder, ffitap_recording_end_ns(task->recording));

    free(folder);
    return files;
}

static int read_trace(struct ffitap__model *model, const struct task *task,
                      struct ffitap__attempt *attempt, char *why, unsigned size)
{
    if (attempt->crashes >= FFITAP__CRASHES_MAX) {
        snprintf(why, size,
                 "its trace is so damaged that babeltrace 2 crashes on it (%s); record again",
                 strsignal(attempt->crash));
        return -1;
    }
    char *trace = g_build_filename(task->options->directory, FFITAP_RECORDING_TRACE, NULL);
    const int result = ffitap__trace_read(model, trace, attempt, why, size);

    g_free(trace);
    return result;
}

/* A program that could not be counted leaves an empty folder, and a report that says so. */
static bool has_folder(const struct task *task)
{
    char *folder = ffitap_recording_statistics(task->recording, task->options->directory);
    const bool is_there = folder && g_file_test(folder, G_FILE_TEST_IS_DIR);

    free(folder);
    return is_there;
}

/* One of the two is enough for a report. Returns 0, or -1 with a sentence in `why`. */
static int read_sources(struct ffitap__model *model, const struct task *task,
                        struct ffitap__attempt *attempt, char *why, unsigned size)
{
    const unsigned files = read_statistics(model, task);

    if (!has_trace(task->recording)) {
        if (has_folder(task))
            return 0;
        snprintf(why, size, "it holds no statistics; run 'ffitap stat' again");
        return -1;
    }
    if (read_trace(model, task, attempt, why, size) == 0)
        return 0;
    if (files == 0)
        return -1;
    ffitap__model_note_damage(
        model, g_strdup_printf("%s; the report comes from its statistics alone", why));
    return 0;
}

static int read_and_write(struct ffitap__attempt *attempt, const void *data)
{
    const struct task *task = data;
    const char *directory = task->options->directory;
    struct ffitap__model *model = ffitap__model_create(task->recording->token);
    char why[512];
    int status;

    ffitap__unseen_prepare(model, task->recording);
    g_log_set_default_handler(drop_message, NULL);
    if (read_sources(model, task, attempt, why, sizeof(why)) != 0) {
        status = fail(directory, why);
    } else {
        ffitap__model_finish(model);
        note_shortcomings(model, task->recording);
        ffitap__unseen_settle(model);
        status = write_report(task->options, task->recording, model);
    }
    ffitap__model_destroy(model);
    return status;
}

int ffitap_report_run(const struct ffitap_report_options *options)
{
    struct ffitap_recording recording;
    const struct task task = {options, &recording};
    char why[256];
    int crash;

    if (ffitap_recording_read(&recording, options->directory, why, sizeof(why)) != 0)
        return fail(options->directory, why);
    int status = ffitap__worker_run(read_and_write, &task, &crash);
    if (status < 0) {
        snprintf(why, sizeof(why), "it is so damaged that reading it crashes (%s); record again",
                 strsignal(crash));
        status = fail(options->directory, why);
    }
    ffitap_recording_fini(&recording);
    return status;
}
