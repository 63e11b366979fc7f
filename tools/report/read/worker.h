/*
 * Reading a damaged trace can crash babeltrace, or make it ask for all the memory there is: a
 * flipped bit in an array's length is enough. So the report is made in a process of its own. After
 * a crash it is made again: first only up to the place of the crash, then without babeltrace.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_WORKER_H
#define FFITAP_TOOLS_REPORT_READ_WORKER_H

#include <limits.h>
#include <stdint.h>

/* What the processes share. */
struct ffitap__attempt {
    uint64_t messages;      /* how many of babeltrace's messages were taken in */
    uint64_t stop_after;    /* so many messages, UINT64_MAX: all */
    int crash;              /* the signal that ended the attempt before, 0: there was none */
    unsigned crashes;       /* how many attempts ended so; see FFITAP__CRASHES_MAX */
    char scratch[PATH_MAX]; /* a temporary directory with the attempt's files, "": none */
};

/* After so many crashes the work leaves out what crashes. */
#define FFITAP__CRASHES_MAX 2

/* Does the work and returns the program's exit status. */
typedef int ffitap__work(struct ffitap__attempt *attempt, const void *data);

/*
 * Runs `work` until it ends without a crash, once more than FFITAP__CRASHES_MAX at most. Returns
 * its exit status, or -1 with the signal in `*crash` if the last run crashed as well. What the
 * crashed runs wrote to standard error is dropped, and the files that they left in their scratch
 * directories are removed.
 */
int ffitap__worker_run(ffitap__work *work, const void *data, int *crash);

#endif
