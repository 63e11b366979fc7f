/* The ffitap command: finds the subcommand and hands over to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <popt.h>

#include "commands.h"
#include "message.h"

static const struct command {
    const char *name;
    const char *title; /* what the command's own help calls it */
    int (*run)(int argc, const char **argv);
    const char *summary;
} commands[] = {
    {"bench", "ffitap bench", ffitap_command_bench, "measure what tracing costs on this machine"},
    {"doctor", "ffitap doctor", ffitap_command_doctor, "say what of a program can be seen here"},
    {"record", "ffitap record", ffitap_command_record,
     "run a program and record its foreign calls"},
    {"report", "ffitap report", ffitap_command_report, "say what a recording holds"},
    {"stat", "ffitap stat", ffitap_command_stat, "run a program and count its foreign calls"},
    {"top", "ffitap top", ffitap_command_top, "watch the foreign calls of what runs"},
};

static const size_t command_count = sizeof commands / sizeof *commands;

enum choice { CHOICE_HELP = 1, CHOICE_VERSION };

static const struct poptOption options[] = {
    {"help", 'h', POPT_ARG_NONE, NULL, CHOICE_HELP, "show this help", NULL},
    {"version", 'V', POPT_ARG_NONE, NULL, CHOICE_VERSION, "show the version", NULL},
    POPT_TABLEEND,
};

static int end_of_output(void)
{
    if (fflush(stdout) == 0)
        return 0;
    ffitap_say("standard output: %s", strerror(errno));
    return FFITAP_EXIT_FAILED;
}

static bool has_returned;

/* popt prints the help of a command, and exits by itself. */
static void check_help(void)
{
    if (!has_returned && end_of_output() != 0)
        _exit(FFITAP_EXIT_FAILED);
}

static int print_help(void)
{
    printf("Usage: ffitap COMMAND [OPTION...] [ARGUMENT...]\n"
           "Shows what happens between a program and the native libraries it calls.\n\n"
           "Commands:\n");
    for (size_t i = 0; i < command_count; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n'ffitap COMMAND --help' describes a command, and so does 'man ffitap-COMMAND'.\n");
    return end_of_output();
}

static int print_version(void)
{
    printf("ffitap " FFITAP_VERSION "\n");
    return end_of_output();
}

/* Runs the command that `argv`, of `argc` words, starts with. */
static int run_command(int argc, const char **argv)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(argv[0], commands[i].name) == 0) {
            argv[0] = commands[i].title;
            return commands[i].run(argc, argv);
        }
    }
    ffitap_say("%s: no such command; see ffitap --help", argv[0]);
    return FFITAP_EXIT_FAILED;
}

/*
 * Where standard streams are closed, something of ffitap's would take their numbers, and messages
 * would go there. What takes them can be read from, not written to: a report that nobody gets is a
 * failure. The traced program finds them closed again.
 */
static void occupy_standard_streams(void)
{
    int descriptor;

    do
        descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    if (descriptor >= 0)
        close(descriptor);
}

int main(int argc, char **argv)
{
    occupy_standard_streams();
    atexit(check_help);

    const char **words = (const char **)argv;
    poptContext context =
        poptGetContext("ffitap", argc, words, options, POPT_CONTEXT_POSIXMEHARDER);
    const int choice = poptGetNextOpt(context);
    int status = FFITAP_EXIT_FAILED;

    if (choice == CHOICE_HELP)
        status = print_help();
    else if (choice == CHOICE_VERSION)
        status = print_version();
    else if (choice < -1)
        ffitap_say("%s: %s; see ffitap --help", poptBadOption(context, 0), poptStrerror(choice));
    else if (!poptPeekArg(context))
        ffitap_say("no command given; see ffitap --help");
    else {
        /* No option takes a value, so the command is the first word that is no option. */
        int first = 1;
        while (strcmp(argv[first], "--") == 0)
            first++;
        status = run_command(argc - first, words + first);
    }
    poptFreeContext(context);
    has_returned = true;
    return status;
}
