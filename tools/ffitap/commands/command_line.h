/*
 * What all commands have in common: how their words are understood, what they say to wrong ones,
 * and the options --help, --usage and --version.
 */
#ifndef FFITAP_TOOLS_FFITAP_COMMANDS_COMMAND_LINE_H
#define FFITAP_TOOLS_FFITAP_COMMANDS_COMMAND_LINE_H

#include <stdbool.h>

#include <popt.h>

#define FFITAP_RECORDING_DIRECTORY "ffitap.data"

/* The words that a command takes. */
struct ffitap_usage {
    const struct poptOption *options; /* the command's own, each with 0 for `val` */
    const char *words;        /* what may follow the options, as the help shows it; NULL: nothing */
    const char *needed;       /* what the first of these is, if it has to be there; else NULL */
    unsigned limit;           /* how many there may be */
    bool is_program;          /* they are a program and its own words: any number, options too */
    void (*print_help)(void); /* NULL: the help is the list of options */
};

/* The usage of what runs a program. */
#define FFITAP_USAGE_PROGRAM                                                                       \
    .words = "[--] PROGRAM [ARGUMENT...]", .needed = "program", .is_program = true

/* The options that every command takes, for its help; ends as popt's tables do. */
extern const struct poptOption ffitap_help_options[];

/*
 * Does what the command line asks for: `request` holds the options, `words` what followed them,
 * then NULL. Returns the exit status.
 */
typedef int ffitap_command_work(const char **words, void *request);

/*
 * Understands `argv`, of `argc` words, the first of which is the command's title ("ffitap stat"),
 * puts the options' arguments where usage->options says, in `request`, and calls `work` with that.
 * Returns the exit status of `work`. If help was asked for, prints that instead and returns its
 * exit status. If something is wrong with the words, says so and returns FFITAP_EXIT_FAILED. The
 * caller has to free the strings in `request` in any case.
 */
int ffitap_command_parse(int argc, const char **argv, const struct ffitap_usage *usage,
                         ffitap_command_work *work, void *request);

/* Makes sure that everything that was printed to standard output has arrived. Returns 0, or
 * FFITAP_EXIT_FAILED, having said why. */
int ffitap_end_output(void);

#endif
