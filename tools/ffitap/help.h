/* Which command a word names, and what `ffitap --help` and `ffitap help` print. */
#ifndef FFITAP_TOOLS_FFITAP_HELP_H
#define FFITAP_TOOLS_FFITAP_HELP_H

struct ffitap_command {
    const char *name;
    const char *title; /* what the command's own help calls it */
    int (*run)(int argc, const char **argv);
    const char *summary;
};

/* The command of that name. NULL, having said so, if there is none. */
const struct ffitap_command *ffitap_command_find(const char *name);

/* Prints the commands, and the options that all of them take, to standard output. */
void ffitap_help_print_overview(void);

#endif
