/* The formats that a report is written in. Each is a file of its own, and an entry in the list of
 * formats.c. */
#ifndef FFITAP_TOOLS_REPORT_WRITE_FORMAT_H
#define FFITAP_TOOLS_REPORT_WRITE_FORMAT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/base/recording.h"
#include "report/model/model.h"
#include "report/model/sink.h"

/* What is written, and where. */
struct ffitap__writing {
    FILE *stream; /* remembers by itself that a write failed */
    const struct ffitap_recording *recording;
    unsigned row_limit; /* of each section of what is for people; 0: none */
};

/* There are two kinds of formats: one has `write`, the other has `begin` and `end`. */
struct ffitap_report_format {
    const char *name;
    const char *suffix; /* what the names of its files end with: ".json" */

    /* Writes a finished model. Returns false with errno set if that cannot be done. */
    bool (*write)(const struct ffitap__writing *to, const struct ffitap__model *model);

    /*
     * Makes a sink that writes single events as it is told them; `to` is borrowed until end().
     * Returns false with errno set, and nothing to end, if that cannot be done.
     */
    bool (*begin)(const struct ffitap__writing *to, struct ffitap__report_sink *sink);

    /* Writes what is left, and releases the sink's data. Returns false with errno set. */
    bool (*end)(struct ffitap__report_sink *sink);
};

#endif
