#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/base/exit_status.h"
#include "report/base/output.h"
#include "report/read/reading.h"
#include "report/read/worker.h"
#include "report/write/formats.h"

/* As many rows as a user looks at; a file or a pager gets all of them. */
#define ROWS_ON_A_TERMINAL 30

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "ffitap: %s: %s\n", what, why);
    return FFITAP_EXIT_FAILED;
}

/* What the worker works on. */
struct task {
    const struct ffitap_report_options *options;
    const struct ffitap_report_format *format;
    const struct ffitap_recording *recording;
};

static const char *name_of_output(const struct task *task)
{
    return task->options->output ? task->options->output : "standard output";
}

static struct ffitap__writing writing_to(const struct task *task, FILE *stream)
{
    const bool is_on_terminal = !task->options->output && isatty(STDOUT_FILENO);

    return (struct ffitap__writing){stream, task->recording,
                                    is_on_terminal ? ROWS_ON_A_TERMINAL : 0};
}

static bool write_model(const struct task *task, FILE *stream, void *model)
{
    const struct ffitap__writing to = writing_to(task, stream);

    return task->format->write(&to, model);
}

static bool copy_held(const struct task *task, FILE *stream, void *held)
{
    char buffer[65536];
    FILE *from = held;
    size_t size;

    (void)task;
    rewind(from);
    while ((size = fread(buffer, 1, sizeof(buffer), from)) > 0)
        fwrite(buffer, 1, size, stream);
    return !ferror(from);
}

/* Opens the output, and puts it in its place when `write` has written it. */
static int put_out(const struct task *task,
                   bool (*write)(const struct task *task, FILE *stream, void *what), void *what)
{
    struct ffitap__output output;

    if (ffitap__output_open(&output, task->options->output) != 0)
        return fail(name_of_output(task), strerror(errno));
    if (!write(task, output.stream, what)) {
        ffitap__output_abandon(&output);
        return fail(name_of_output(task), strerror(errno));
    }
    if (ffitap__output_commit(&output) != 0)
        return fail(name_of_output(task), strerror(errno));
    return 0;
}

static int report_model(const struct task *task, struct ffitap__attempt *attempt)
{
    const char *directory = task->options->directory;
    char why[512];
    struct ffitap__model *model =
        ffitap__reading_whole(task->recording, directory, attempt, why, sizeof(why));

    if (!model)
        return fail(directory, why);
    const int status = put_out(task, write_model, model);
    ffitap__model_destroy(model);
    return status;
}

static int hold_events(const struct task *task, struct ffitap__attempt *attempt, FILE *held)
{
    const char *directory = task->options->directory;
    const struct ffitap__writing to = writing_to(task, held);
    struct ffitap__report_sink sink;
    char why[512];

    if (!task->format->begin(&to, &sink))
        return fail(name_of_output(task), strerror(errno));
    const int result =
        ffitap__reading_events(&sink, task->recording, directory, attempt, why, sizeof(why));
    const bool is_whole = task->format->end(&sink);
    if (result != 0)
        return fail(directory, why);
    if (!is_whole || fflush(held) != 0)
        return fail(name_of_output(task), strerror(errno));
    return 0;
}

/* What is written while a trace is read goes to a file first, because everything begins anew if the
 * reading crashes. */
static int report_events(const struct task *task, struct ffitap__attempt *attempt)
{
    FILE *held = tmpfile();

    if (!held)
        return fail("a temporary file", strerror(errno));
    int status = hold_events(task, attempt, held);
    if (status == 0)
        status = put_out(task, copy_held, held);
    fclose(held);
    return status;
}

static int read_and_write(struct ffitap__attempt *attempt, const void *data)
{
    const struct task *task = data;

    return task->format->write ? report_model(task, attempt) : report_events(task, attempt);
}

const struct ffitap_report_format *ffitap_report_format(const char *name)
{
    return ffitap__format_named(name);
}

static const struct ffitap_report_format *choose_format(const struct ffitap_report_options *options)
{
    return options->format ? options->format
                           : ffitap__format_for(options->output ? options->output : "");
}

int ffitap_report_run(const struct ffitap_report_options *options)
{
    struct ffitap_recording recording;
    const struct task task = {options, choose_format(options), &recording};
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
