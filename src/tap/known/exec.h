/*
 * Notes of the programs that this process runs (tap/statistics/exec_note.h). They are left if this
 * process found the folder for statistics in its environment when it started. All of this may be
 * called by any thread, in signal handlers, and in children of fork(2) and vfork(2), whose memory
 * may be their parent's: it takes no lock, allocates nothing, and leaves errno alone.
 */
#ifndef FFITAP_TAP_KNOWN_EXEC_H
#define FFITAP_TAP_KNOWN_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

/* What an exec function is told. */
struct ffitap__exec_program {
    int directory;    /* as execveat(2) has it, AT_FDCWD for the other functions */
    const char *name; /* "": the descriptor `directory` is the program itself */
    bool is_searched; /* in PATH, if the name has no slash */
    bool is_moved;    /* perhaps to another directory before a relative name is looked up */
    char *const *environment;
};

/* A note that was left, to take it away if the program is not started after all. */
struct ffitap__exec_note {
    bool is_there;
    bool is_told; /* no note could be left, and a statistics file says so */
    int told;     /* which place in that file says so */
    int32_t pid;  /* 0: it is not known */
    uint64_t moment_ns;
    uint64_t number; /* behind the process's number in the note's name, 0: none */
};

/* Called at the start of the program: statistics go to `folder`, an absolute path. */
void ffitap__exec_start(const char *folder);

/* Takes away the note of this program, which has come up and has a statistics file that says so. */
void ffitap__exec_arrive(void);

/* Whether notes are wanted. */
FFITAP__CROSSING bool ffitap__exec_is_noted(void);

/* The moment for a note of a process that gets its number later. */
FFITAP__CROSSING uint64_t ffitap__exec_moment(void);

/* Leaves a note of a program that is started at `moment_ns` in the process `pid`, a child of
 * `parent`. If no note can be left, the statistics file says so. */
FFITAP__CROSSING struct ffitap__exec_note
ffitap__exec_leave(const struct ffitap__exec_program *program, int32_t pid, int32_t parent,
                   uint64_t moment_ns);

/* The same of a shell whose process number is not known here. A note is left only if `environment`
 * keeps the shell from being seen. */
FFITAP__CROSSING struct ffitap__exec_note ffitap__exec_leave_shell(char *const *environment);

/* Takes the note back, because the program was not started. */
FFITAP__CROSSING void ffitap__exec_withdraw(const struct ffitap__exec_note *note);

#endif
