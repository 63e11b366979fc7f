#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/exit_status.h"
#include "report/json.h"
#include "report/output.h"
#include "report/reading.h"
#include "report/table.h"
#include "report/worker.h"

/* As much as one looks at; a file or a pager takes everything. */
#define ROWS_ON_A_TERMINAL 30

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "ffitap: %s: %s\n", what, why);
    return FFITAP_EXIT_FAILED;
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

static int read_and_write(struct ffitap__attempt *attempt, const void *data)
{
    const struct task *task = data;
    const char *directory = task->options->directory;
    char why[512];
    struct ffitap__model *model =
        ffitap__reading_whole(task->recording, directory, attempt, why, sizeof(why));

    if (!model)
        return fail(directory, why);
    const int status = write_report(task->options, task->recording, model);
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
