#include "ffitap/commands/command_line.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/message.h"

enum { CHOSEN_HELP = 1, CHOSEN_USAGE, CHOSEN_VERSION };

/* popt has such a table too, but that prints and exits, and a full disk would go unnoticed. */
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

/* Whether the command takes as many words as followed the options; prints a message if not. */
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

/* The words that follow the options, then NULL. They are the context's. */
static const char **words_of(poptContext context)
{
    static const char *none[] = {NULL};
    const char **words = poptGetArgs(context);

    return words ? words : none;
}

/* Does what the words ask for. `chosen` is what popt returned for them: a help option, an error, or
 * -1 when it had gone through all options. */
static int act(poptContext context, int chosen, const struct ffitap_usage *usage, const char *title,
               ffitap_command_work *work, void *request)
{
    if (chosen > 0)
        return show(chosen, context, usage);
    if (chosen < -1) {
        ffitap_say("%s: %s; see %s --help", poptBadOption(context, 0), poptStrerror(chosen), title);
        return FFITAP_EXIT_FAILED;
    }
    const char **words = words_of(context);
    return check_words(words, usage, title) ? work(words, request) : FFITAP_EXIT_FAILED;
}

int ffitap_command_parse(int argc, const char **argv, const struct ffitap_usage *usage,
                         ffitap_command_work *work, void *request)
{
    const struct poptOption table[] = {
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)usage->options, 0, NULL, NULL},
        {NULL, '\0', POPT_ARG_INCLUDE_TABLE, (void *)ffitap_help_options, 0, "Help options:", NULL},
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("ffitap", argc, argv, table,
                                         usage->is_program ? POPT_CONTEXT_POSIXMEHARDER : 0);
    const int status = act(context, poptGetNextOpt(context), usage, argv[0], work, request);

    poptFreeContext(context);
    return status;
}
