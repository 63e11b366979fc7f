/* ffitap report: turns a recording into a report. */
#include <stdlib.h>

#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "report/report.h"

/* What the user wants. */
struct request {
    char *output; /* NULL: standard output */
    int json;
};

static int report(const char **words, void *data)
{
    const struct request *request = data;

    return ffitap_report_run(&(struct ffitap_report_options){
        .directory = words[0] ? words[0] : FFITAP_RECORDING_DIRECTORY,
        .output = request->output,
        .format = request->json ? ffitap_report_format("json") : NULL,
    });
}

int ffitap_command_report(int argc, const char **argv)
{
    struct request request = {0};
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_NONE, &request.json, 0,
         "write the JSON report instead of the table", NULL},
        {"output", 'o', POPT_ARG_STRING, &request.output, 0, "write to FILE, whole or not at all",
         "FILE"},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {.options = options, .words = "[DIR]", .limit = 1};
    const int status = ffitap_command_parse(argc, argv, &usage, report, &request);

    free(request.output);
    return status;
}
