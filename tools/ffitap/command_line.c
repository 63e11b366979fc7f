#include "command_line.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

enum { CHOSEN_HELP = 1, CHOSEN_USAGE, CHOSEN_VERSION };

/* popt's own table of these would print and exit, and nobody would notice a disk that is full. */
const struct poptOption ffitap_help_options[] = {
    {"help", 'h', POPT_ARG_NONE, NULL, CHOSEN_HELP, "show this help", NULL},
    {NULL, '?', POPT_ARG_NONE | POPT_ARGFLAG_DOC_HIDDEN, NULL, CHOSEN_HELP, NULL, NULL},
    {"usage", '\0', POPT_ARG_NONE, NULL, CHOSEN_USAGE, "show the options in short", NULL},
    {"version", 'V', POPT_ARG_NONE, NULL, CHOSEN_VERSION, "show the version", NULL},
    POPT_TABLEEND,
};

int ffitap_end_output(void)
{
    if (fflush(stdout) == 0)
        return 0;
    ffitap_say("standard output: %s", strerror(errno));
    return FFITAP_EXIT_FAILED;
}

static void print_help(poptContext context, const struct ffitap_usage *usage)
{
    char words[80];

    if (usage->print_help) {
        usage->print_help();
        return;
    }
    if (usage->words) {
        snprintf(words, sizeof words, "[OPTION...] %s", usage->words);
        poptSetOtherOptionHelp(context, words);
    }
    poptPrintHelp(context, stdout, 0);
}

static void print_usage(poptContext context, const struct ffitap_usage *usage)
{
    if (usage->words)
        poptSetOtherOptionHelp(context, usage->words);
    poptPrintUsage(context, stdout, 0);
}

/* Returns the exit status. */
static int show(int chosen, poptContext context, const struct ffitap_usage *usage)
{
    if (chosen == CHOSEN_HELP)
        print_help(context, usage);
    else if (chosen == CHOSEN_USAGE)
        print_usage(context, usage);
    else
        printf("ffitap " FFITAP_VERSION "\n");
    return ffitap_end_output();
}

/* Whether the words that followed the options are as many as they may be; says if not. */
static bool check_words(const char **words, const struct ffitap_usage *usage, const char *title)
{
    size_t count = 0;

    if (usage->needed && !words[0]) {
        ffitap_say("no %s given; see %s --help", usage->needed, title);
        return false;
    }
    while (words[count] && count < usage->limit)
        count++;
    if (!words[count] || usage->is_program)
        return true;
    ffitap_say("%s: excess argument; see %s --help", words[count], title);
    return false;
}

bool ffitap_command_line_init(struct ffitap_command_line *line, const struct ffitap_usage *usage,
                              int argc, const char **argv)
{
    static const char *none[] = {NULL};
    const struct poptOption table[] = {
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)usage->options, 0, NULL, NULL},
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)ffitap_help_options, 0, "Help options:", NULL},
        POPT_TABLEEND,
    };

    *line = (struct ffitap_command_line){.words = none, .status = FFITAP_EXIT_FAILED};
    memcpy(line->table, table, sizeof table);
    line->context = poptGetContext("ffitap", argc, argv, line->table,
                                   usage->is_program ? POPT_CONTEXT_POSIXMEHARDER : 0);
    const int chosen = poptGetNextOpt(line->context);
    if (chosen > 0) {
        line->status = show(chosen, line->context, usage);
        return false;
    }
    if (chosen < -1) {
        ffitap_say("%s: %s; see %s --help", poptBadOption(line->context, 0), poptStrerror(chosen),
                   argv[0]);
        return false;
    }
    const char **words = poptGetArgs(line->context);
    if (words)
        line->words = words;
    return check_words(line->words, usage, argv[0]);
}

void ffitap_command_line_fini(struct ffitap_command_line *line)
{
    poptFreeContext(line->context);
}
