/*
 * What all commands have in common: how their words are understood, what they say to wrong ones,
 * and the options --help, --usage and --version.
 */
#ifndef FFITAP_TOOL_COMMAND_LINE_H
#define FFITAP_TOOL_COMMAND_LINE_H

#include <stdbool.h>

#include <popt.h>

#define FFITAP_RECORDING_DIRECTORY "ffitap.data"

/* The words that a command takes. */
struct ffitap_usage {
    const struct poptOption *options; /* the command's own: none returns from poptGetNextOpt() */
    const char *words;  /* what may follow the options, as the help shows it; NULL: nothing */
    const char *needed; /* what the first of these is, if it has to be there; else NULL */
    unsigned limit;     /* how many there may be */
    bool is_program;    /* they are a program and its own words, any number and options included */
    void (*print_help)(void); /* in place of the list of options; NULL: that one */
};

/* The usage of what runs a program. */
#define FFITAP_USAGE_PROGRAM                                                                       \
    .words = "[--] PROGRAM [ARGUMENT...]", .needed = "program", .is_program = true

struct ffitap_command_line {
    const char **words; /* what followed the options, then NULL */
    int status;         /* the command's exit status; FFITAP_EXIT_FAILED until somebody sets it */
    poptContext context;
    struct poptOption table[3];
};

/* The options that every command takes, for its help; ends as popt's tables do. */
extern const struct poptOption ffitap_help_options[];

/*
 * Understands `argv`, whose first word is the command's title ("ffitap stat"). Returns true if the
 * command is to go on; the options' arguments are where usage->options says then. Returns false if
 * the command is done, with its status in line->status: what help was asked for is printed, or what
 * is wrong is said. Either way the caller calls ffitap_command_line_fini().
 *
 * `usage` and `argv` have to stay until then.
 */
bool ffitap_command_line_init(struct ffitap_command_line *line, const struct ffitap_usage *usage,
                              int argc, const char **argv);

void ffitap_command_line_fini(struct ffitap_command_line *line);

/*
 * Sees to it that what was printed to standard output is there. Returns 0, or FFITAP_EXIT_FAILED,
 * having said why.
 */
int ffitap_end_output(void);

#endif
