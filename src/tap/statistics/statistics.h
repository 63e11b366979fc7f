/*
 * Counts and times of this process's foreign calls, in its statistics file. They are kept from the
 * start of the program on if FFITAP_STAT_DIR names a folder, or while the program asks for them. A
 * forked child has a file of its own from its first call, load or lookup on. Everything here leaves
 * errno alone. What finds no room is counted as lost.
 */
#ifndef FFITAP_TAP_STATISTICS_STATISTICS_H
#define FFITAP_TAP_STATISTICS_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/statistics/storage.h"
#include "tap/base/watch.h"

enum ffitap__statistics_answer {
    FFITAP__STATISTICS_DONE,
    FFITAP__STATISTICS_FAILED,       /* an errno says why there is no file */
    FFITAP__STATISTICS_KEPT_ALREADY, /* in another file */
    FFITAP__STATISTICS_NOT_BEGUN,    /* by the program itself */
    FFITAP__STATISTICS_OF_PARENT,    /* fork(3) was avoided when this process was made */
    FFITAP__STATISTICS_IN_HANDLER,   /* of a signal, which interrupted the tap */
};

/*
 * At the start of the program, before anything is told. `describe` tells a sink what was told
 * before it came. Without a folder, or with one that is none, statistics are not begun; what is
 * said of the process is noted all the same. With the tap's lock held.
 */
enum ffitap__statistics_answer
ffitap__statistics_start(const char *folder, const struct ffitap__storage_process *process,
                         ffitap__description *describe);

/* In a forked child. */
void ffitap__statistics_start_child(uint64_t start_ns);

/* Keeps statistics from now on, in a new file in `folder`, an absolute path. `*failure` is set with
 * FFITAP__STATISTICS_FAILED. */
FFITAP__CROSSING enum ffitap__statistics_answer ffitap__statistics_begin(const char *folder,
                                                                         int *failure);

/* Keeps none from now on, if they were begun so. What threads hold of the file they still hold. */
enum ffitap__statistics_answer ffitap__statistics_end(void);

/* Whether there is a file; a child that has none makes it now. Must be called without the tap's
 * lock. */
bool ffitap__statistics_have_file(void);

/* What is told and is no call, counted. */
extern const struct ffitap__sink ffitap__statistics_sink;

#endif
