/*
 * The one list of ffitap's subcommands, each of which has a source file of its own. argv[0] is the
 * full title ("ffitap record"); what a command returns is ffitap's exit status.
 */
#ifndef FFITAP_TOOLS_FFITAP_COMMANDS_COMMANDS_H
#define FFITAP_TOOLS_FFITAP_COMMANDS_COMMANDS_H

/* Every command: name, and what the help says about it. */
#define FFITAP_COMMAND_MAP(X)                                                                      \
    X(bench, "measure what tracing costs on this machine")                                         \
    X(doctor, "say what of a program can be seen here")                                            \
    X(help, "show this, or the manual page of a command")                                          \
    X(record, "run a program and record its foreign calls")                                        \
    X(report, "say what a recording holds")                                                        \
    X(stat, "run a program and count its foreign calls")                                           \
    X(top, "watch the foreign calls of what runs")

#define X(name, summary) int ffitap_command_##name(int argc, const char **argv);
FFITAP_COMMAND_MAP(X)
#undef X

#endif
