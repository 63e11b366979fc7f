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
#include "tap/base/watch.h"
#include "tap/statistics/storage.h"

enum ffitap__statistics_answer {
    FFITAP__STATISTICS_DONE,
    FFITAP__STATISTICS_FAILED,       /* an errno says why there is no file */
    FFITAP__STATISTICS_KEPT_ALREADY, /* in another file */
    FFITAP__STATISTICS_NOT_BEGUN,    /* not by the program itself, or no folder is named */
    FFITAP__STATISTICS_OF_PARENT,    /* fork(3) was avoided when this process was made */
    FFITAP__STATISTICS_IN_HANDLER,   /* of a signal, which interrupted the tap */
};

/*
 * Called at the start of the program, before anything is told, with the tap's lock held. `describe`
 * tells a sink what was told before it came. Without a folder (NULL), or if the path is relative or
 * too long, statistics are not begun, but what is said of the process is noted.
 */
enum ffitap__statistics_answer
ffitap__statistics_start(const char *folder, const struct ffitap__storage_process *process,
                         ffitap__description *describe);

/* Called in a forked child: lets go of the parent's file. Returns whether the child is to have
 * another one, because a folder is named. */
bool ffitap__statistics_start_child(uint64_t start_ns);

/* Keeps statistics from now on, in a new file in `folder`, an absolute path. `*failure` is an errno
 * if this returns FFITAP__STATISTICS_FAILED. */
FFITAP__CROSSING enum ffitap__statistics_answer ffitap__statistics_begin(const char *folder,
                                                                         int *failure);

/* Keeps no statistics from now on, if ffitap__statistics_begin() has begun them. Threads still hold
 * what they hold of the file. */
enum ffitap__statistics_answer ffitap__statistics_end(void);

/* Whether there is a file. A child that has none yet makes it now. Must be called without the tap's
 * lock. */
bool ffitap__statistics_have_file(void);

/* The sink that puts what is told to sinks into the file. */
extern const struct ffitap__sink ffitap__statistics_sink;

#endif
