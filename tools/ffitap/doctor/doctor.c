/* ffitap doctor: says what can be seen on this machine and in a program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "ffitap/doctor/finding.h"
#include "ffitap/doctor/lttng.h"
#include "ffitap/doctor/machine.h"
#include "ffitap/doctor/parts.h"
#include "ffitap/doctor/program.h"
#include "recorder/message.h"
#include "recorder/preload.h"
#include "report/base/output.h"

/* The exit status by the worst finding, for a program that could be looked at. */
static const int exit_statuses[] = {
    [FFITAP_LEVEL_OK] = FFITAP_EXIT_DONE,
    [FFITAP_LEVEL_NOTE] = FFITAP_EXIT_DONE,
    [FFITAP_LEVEL_WARNING] = FFITAP_EXIT_PARTLY,
    [FFITAP_LEVEL_PROBLEM] = FFITAP_EXIT_NOTHING,
};

struct request {
    char *json;           /* NULL: none is wanted; "-": instead of the lines */
    const char **command; /* NULL: the machine alone */
};

static bool is_dash(const char *name)
{
    return strcmp(name, "-") == 0;
}

/* Says why nothing could be written to `file`; NULL: standard output. */
static bool refuse(const char *file, const char *why)
{
    if (file)
        ffitap_say("--json: '%s': %s", file, why);
    else
        ffitap_say("standard output: %s", why);
    return false;
}

static bool end_document(struct ffitap__output *output, const char *file, bool written)
{
    if (!written) {
        ffitap__output_abandon(output);
        return refuse(file, "cannot write the findings");
    }
    return ffitap__output_commit(output) == 0 || refuse(file, strerror(errno));
}

static bool write_json(const struct ffitap_findings *findings, const struct request *request,
                       int status)
{
    const char *file = is_dash(request->json) ? NULL : request->json;
    struct ffitap__output output;

    if (ffitap__output_open(&output, file) != 0)
        return refuse(file, strerror(errno));
    json_t *document = ffitap_findings_json(findings, request->command, status);
    const bool written = document && json_dumpf(document, output.stream, JSON_INDENT(2)) == 0 &&
                         fputc('\n', output.stream) != EOF;
    json_decref(document);
    return end_document(&output, file, written);
}

static bool write_lines(const struct ffitap_findings *findings, const struct request *request)
{
    struct ffitap__output output;

    ffitap__output_open(&output, NULL);
    ffitap_findings_write(output.stream, findings, request->command);
    return end_document(&output, NULL, true);
}

static bool write_all(const struct ffitap_findings *findings, const struct request *request,
                      int status)
{
    const bool lines_wanted = !request->json || !is_dash(request->json);
    const bool lines_written = !lines_wanted || write_lines(findings, request);

    return (!request->json || write_json(findings, request, status)) && lines_written;
}

static int examine(const char **words, void *data)
{
    struct request *request = data;
    struct ffitap_findings findings;
    struct ffitap_parts parts;
    int status = 0;

    request->command = words[0] ? words : NULL;
    ffitap_findings_init(&findings);
    ffitap_doctor_machine(&findings);
    ffitap_doctor_parts(&findings, &parts);
    ffitap_doctor_lttng(&findings, &parts);
    ffitap_doctor_trial(&findings, &parts);
    findings.current = findings.program;
    if (request->command)
        status = ffitap_doctor_program(&findings, &parts, request->command);
    if (status == 0)
        status = exit_statuses[ffitap_findings_worst(&findings)];
    if (!write_all(&findings, request, status))
        status = FFITAP_EXIT_FAILED;
    ffitap_parts_fini(&parts);
    ffitap_findings_fini(&findings);
    return status;
}

int ffitap_command_doctor(int argc, const char **argv)
{
    ffitap_preload_shed(argc, argv);

    struct request request = {0};
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_STRING, &request.json, 0,
         "write the findings as JSON into FILE, too; -: to standard output, without the lines",
         "FILE"},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {
        .options = options,
        .words = "[--] [PROGRAM [ARGUMENT...]]",
        .is_program = true,
    };
    const int status = ffitap_command_parse(argc, argv, &usage, examine, &request);

    free(request.json);
    return status;
}
