/*
 * The traced program. It is forked early, so that whatever ffitap does to itself (mounts, signal
 * mask, environment) stays out of it, and waits at a gate until the recording runs.
 */
#ifndef FFITAP_TOOLS_RECORDER_CHILD_H
#define FFITAP_TOOLS_RECORDER_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ffitap_child {
    pid_t pid;         /* 0: not forked */
    int gate;          /* a byte into it lets the program go; closing it sends it home */
    int verdict;       /* the errno of a failed exec comes out; end of file if the exec succeeded */
    uint64_t start_ns; /* CLOCK_MONOTONIC */
};

struct ffitap_child_end {
    bool signaled;
    int code; /* the exit status, or the signal */
    uint64_t duration_ns;
};

/*
 * Says whether execvp(3) would find `name`: 0, or the errno that it would fail with. Nothing is
 * executed.
 */
int ffitap_child_probe(const char *name);

/* The same; `*file` is the path of what it would find, to be freed. */
int ffitap_child_find(const char *name, char **file);

/*
 * Forks the child. `mask` is the signal mask that the program gets, `environment` its environment.
 * Returns false with errno set.
 */
bool ffitap_child_fork(struct ffitap_child *child, const char **argv, char **environment,
                       const sigset_t *mask);

/* Lets the program go. Returns 0 once it runs, or the errno of what failed; the child is gone then.
 */
int ffitap_child_release(struct ffitap_child *child);

/* Ends a child that still waits at its gate; nothing happens to any other. */
void ffitap_child_abandon(struct ffitap_child *child);

/* Reaps the program if it has ended. */
bool ffitap_child_reap(struct ffitap_child *child, struct ffitap_child_end *end);

#endif
