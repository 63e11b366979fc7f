#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/json.h"
#include "report/output.h"
#include "report/table.h"
#include "report/trace.h"

#define OWN_FAILURE 125

/* As much as one looks at; a file or a pager takes everything. */
#define ROWS_ON_A_TERMINAL 30

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "ffitap: %s: %s\n", what, why);
    return OWN_FAILURE;
}

/* What of the recording itself makes its figures lower bounds. */
static void note_shortcomings(struct ffitap__model *model, const struct ffitap_recording *recording)
{
    if (!recording->ended)
        ffitap__model_note_damage(model,
                                  g_strdup("the recorder did not end cleanly, or is still at it"));
    if (model->events == 0)
        ffitap__model_note_damage(model, g_strdup("the trace holds no events"));
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

static int read_and_write(const struct ffitap_report_options *options,
                          const struct ffitap_recording *recording)
{
    struct ffitap__model *model = ffitap__model_create(recording->token);
    char *trace = g_build_filename(options->directory, FFITAP_RECORDING_TRACE, NULL);
    char why[512];
    int status;

    if (ffitap__trace_read(model, trace, why, sizeof(why)) != 0) {
        status = fail(options->directory, why);
    } else {
        ffitap__model_finish(model);
        note_shortcomings(model, recording);
        status = write_report(options, recording, model);
    }
    g_free(trace);
    ffitap__model_destroy(model);
    return status;
}

int ffitap_report_run(const struct ffitap_report_options *options)
{
    struct ffitap_recording recording;
    char why[256];

    if (ffitap_recording_read(&recording, options->directory, why, sizeof(why)) != 0)
        return fail(options->directory, why);
    const int status = read_and_write(options, &recording);
    ffitap_recording_fini(&recording);
    return status;
}
