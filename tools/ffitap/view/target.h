/*
 * What ffitap top looks at: a recording by its directory, or a process by its number. A process
 * keeps its statistics file mapped, so that /proc says which one is its own.
 */
#ifndef FFITAP_TOOLS_FFITAP_VIEW_TARGET_H
#define FFITAP_TOOLS_FFITAP_VIEW_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "report/base/recording.h"
#include "report/write/live.h"

struct ffitap_target {
    const char *name; /* the directory or the process's number, as the user gave it */
    bool is_process;
    char *file;                        /* the process's statistics, the last that it had */
    struct ffitap_recording recording; /* of a process the command line alone */
    int64_t seen_ns;                   /* when it was last seen running, since 1970; 0: never */
    int64_t now_ns;                    /* up to when it is looked at */
    const char *state;                 /* a few words for the user */
};

/* Finds what `name` means. False, having said why, with nothing to release. */
bool ffitap_target_init(struct ffitap_target *target, const char *name);

/* Brings `target` up to date. What can no longer be found out stays as it was. */
void ffitap_target_follow(struct ffitap_target *target);

/* Where the statistics of the target are. Borrowed until ffitap_target_follow() is called again. */
struct ffitap_live_source ffitap_target_source(const struct ffitap_target *target);

void ffitap_target_fini(struct ffitap_target *target);

#endif
