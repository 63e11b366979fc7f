/*
 * The statistics of what runs, read again and again: what they say now, and what was added since
 * the reading before.
 */
#ifndef FFITAP_TOOLS_REPORT_WRITE_LIVE_H
#define FFITAP_TOOLS_REPORT_WRITE_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "report/base/recording.h"

/* Where the statistics are: in a recording's directory, or in one file of one process. */
struct ffitap_live_source {
    const struct ffitap_recording *recording; /* whose processes; "" as its token: any */
    const char *directory;                    /* NULL: `file` it is */
    const char *file;
    int64_t now_ns; /* since 1970: the present, or when the program ended */
};

enum ffitap_live_order {
    FFITAP_LIVE_BY_CALLS,
    FFITAP_LIVE_BY_TIME,
    FFITAP_LIVE_BY_WAIT,
};

struct ffitap_live_options {
    const struct ffitap_recording *recording; /* what was run, and how it ended */
    enum ffitap_live_order order;
    unsigned row_limit; /* of functions, and of calls in flight fewer; 0: none */
    bool all_columns;   /* also those that 80 characters have no room for */
};

struct ffitap_live;

/* The caller owns it and releases it with ffitap_live_destroy(). */
struct ffitap_live *ffitap_live_create(void);

void ffitap_live_destroy(struct ffitap_live *live);

/* Reads the statistics that there are now. If there are none any more, because temporary statistics
 * are removed with the program, what was read last stays, and nothing counts as added. */
void ffitap_live_read(struct ffitap_live *live, const struct ffitap_live_source *source);

/* Writes what was read last. The rates of functions are those since the reading before or, at the
 * first reading, since the program's start. */
void ffitap_live_write(FILE *stream, const struct ffitap_live *live,
                       const struct ffitap_live_options *options);

#endif
