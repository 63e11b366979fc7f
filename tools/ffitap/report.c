/* ffitap report: turns a recording into a report. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

#include <popt.h>

#include "report/report.h"

#define USAGE_ERROR   125
#define RECORDING_DIR "ffitap.data"

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "ffitap: report: %s: %s; see 'ffitap report --help'\n", what, why);
    return USAGE_ERROR;
}

/* Takes the directory from what is left after the options, and reports. */
static int report(poptContext context, bool json, const char *output)
{
    const char *directory = poptGetArg(context);
    const char *excess = poptGetArg(context);

    if (excess)
        return refuse(excess, "one recording at a time");
    const struct ffitap_report_options options = {
        .directory = directory ? directory : RECORDING_DIR,
        .output = output,
        .json = json,
    };
    return ffitap_report_run(&options);
}

int ffitap_command_report(int argc, const char **argv)
{
    int json = 0;
    char *output = NULL;
    const struct poptOption options[] = {
        {"json", '\0', POPT_ARG_NONE, &json, 0, "Write the JSON report instead of the table", NULL},
        {"output", 'o', POPT_ARG_STRING, &output, 0, "Write to FILE, whole or not at all", "FILE"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    poptContext context = poptGetContext("ffitap", argc, argv, options, 0);

    poptSetOtherOptionHelp(context, "[--json] [-o FILE] [DIR]");
    const int problem = poptGetNextOpt(context);
    const int status =
        problem < -1 ? refuse(poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(problem))
                     : report(context, json, output);
    poptFreeContext(context);
    free(output);
    return status;
}
