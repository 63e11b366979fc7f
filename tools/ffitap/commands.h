/*
 * The subcommands of ffitap, one source file each. argv[0] is the full title ("ffitap record");
 * what a command returns is ffitap's exit status.
 */
#ifndef FFITAP_TOOL_COMMANDS_H
#define FFITAP_TOOL_COMMANDS_H

int ffitap_command_bench(int argc, const char **argv);
int ffitap_command_doctor(int argc, const char **argv);
int ffitap_command_record(int argc, const char **argv);
int ffitap_command_report(int argc, const char **argv);
int ffitap_command_stat(int argc, const char **argv);
int ffitap_command_top(int argc, const char **argv);

#endif
