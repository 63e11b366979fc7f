/* What `ffitap --help` and `ffitap help` print. */
#ifndef FFITAP_TOOL_HELP_H
#define FFITAP_TOOL_HELP_H

/* Prints the commands, and the options that all of them take, to standard output. */
void ffitap_help_print_overview(void);

#endif
