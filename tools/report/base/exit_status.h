/* The exit statuses of ffitap's own, beside those that it passes on from the programs it runs. */
#ifndef FFITAP_TOOLS_REPORT_BASE_EXIT_STATUS_H
#define FFITAP_TOOLS_REPORT_BASE_EXIT_STATUS_H

/*
 * Every status: name, value, meaning. ffitap(1) lists them in these words. From 125 on they are
 * those of env(1) and the shells.
 */
#define FFITAP_EXIT_MAP(X)                                                                         \
    X(DONE, 0, "What was asked for is done; doctor: everything can be traced.")                    \
    X(PARTLY, 1, "doctor: a part will not be seen.")                                               \
    X(NOTHING, 2, "doctor: nothing will be seen.")                                                 \
    X(FAILED, 125, "ffitap itself failed.")                                                        \
    X(NOT_EXECUTABLE, 126, "The program cannot be executed.")                                      \
    X(NOT_FOUND, 127, "The program, or the interpreter of a script, was not found.")               \
    X(SIGNALED, 128, "A signal, whose number is added, ended the program or ffitap.")

enum ffitap_exit {
#define X(name, value, meaning) FFITAP_EXIT_##name = (value),
    FFITAP_EXIT_MAP(X)
#undef X
};

#endif
