/* The statistics of a recording as a table, for a user who watches the program run or has just seen
 * it end. Functions are shown as in the report; everything else has one line each. */
#ifndef FFITAP_TOOLS_REPORT_WRITE_SUMMARY_H
#define FFITAP_TOOLS_REPORT_WRITE_SUMMARY_H

#include <stdint.h>
#include <stdio.h>

#include "report/base/recording.h"

struct ffitap_summary_options {
    const char *directory; /* the recording's */
    int64_t now_ns;        /* since 1970: when the program ended, or the present */
    unsigned row_limit;    /* of functions, 0: none */
};

/*
 * Reads the statistics that there are now, and writes their table. `recording` says how the program
 * ended or, if it did not, for how long it has been running.
 */
void ffitap_summary_write(FILE *stream, const struct ffitap_recording *recording,
                          const struct ffitap_summary_options *options);

#endif
