/* ffitap report: turns a recording into a report. */
#include <stdlib.h>

#include "command_line.h"
#include "commands.h"
#include "report/report.h"

int ffitap_command_report(int argc, const char **argv)
{
    int json = 0;
    char *output = NULL;
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_NONE, &json, 0, "write the JSON report instead of the table", NULL},
        {"output", 'o', POPT_ARG_STRING, &output, 0, "write to FILE, whole or not at all", "FILE"},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {.options = options, .words = "[DIR]", .limit = 1};
    struct ffitap_command_line line;

    if (ffitap_command_line_init(&line, &usage, argc, argv))
        line.status = ffitap_report_run(&(struct ffitap_report_options){
            .directory = line.words[0] ? line.words[0] : FFITAP_RECORDING_DIRECTORY,
            .output = output,
            .json = json,
        });
    ffitap_command_line_fini(&line);
    free(output);
    return line.status;
}
