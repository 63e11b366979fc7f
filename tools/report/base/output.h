/*
 * A file that appears whole or not at all: written under another name beside it, renamed at the
 * end. A full disk leaves no half report, and a reader never meets one.
 */
#ifndef FFITAP_TOOLS_REPORT_BASE_OUTPUT_H
#define FFITAP_TOOLS_REPORT_BASE_OUTPUT_H

#include <stdio.h>

struct ffitap__output {
    FILE *stream;
    char *path;      /* where it is to appear; NULL: it is written in place */
    char *temporary; /* where it is until then */
};

/*
 * Opens `path` for writing; NULL is standard output, and what is no regular file (a terminal, a
 * pipe, /dev/null) is written in place. Returns 0, or -1 with errno set and nothing to close.
 */
int ffitap__output_open(struct ffitap__output *output, const char *path);

/*
 * Ends the file and puts it in its place. Returns 0, or -1 with errno set to the first thing that
 * went wrong since it was opened, and then no file appears. `output` is closed either way.
 */
int ffitap__output_commit(struct ffitap__output *output);

/* Gives up: closes `output` and removes what was written beside its place. */
void ffitap__output_abandon(struct ffitap__output *output);

#endif
