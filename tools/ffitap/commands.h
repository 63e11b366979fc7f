/*
 * The subcommands of ffitap, one source file each. argv[0] is the full title ("ffitap record");
 * what a command returns is ffitap's exit status.
 */
#ifndef FFITAP_TOOL_COMMANDS_H
#define FFITAP_TOOL_COMMANDS_H

#include <stddef.h>

/* All of ffitap, which the program hands its own arguments; what it returns is the exit status. */
__attribute__((visibility("default"))) int ffitap_main(int argc, char **argv);

int ffitap_command_bench(int argc, const char **argv);
int ffitap_command_doctor(int argc, const char **argv);
int ffitap_command_help(int argc, const char **argv);
int ffitap_command_record(int argc, const char **argv);
int ffitap_command_report(int argc, const char **argv);
int ffitap_command_stat(int argc, const char **argv);
int ffitap_command_top(int argc, const char **argv);

struct ffitap_command {
    const char *name;
    const char *title; /* what the command's own help calls it */
    int (*run)(int argc, const char **argv);
    const char *summary;
};

extern const struct ffitap_command ffitap_commands[];
extern const size_t ffitap_command_count;

/* The command of that name. NULL, having said so, if there is none. */
const struct ffitap_command *ffitap_command_find(const char *name);

#endif
