/*
 * A recording's description: the small JSON file `recording` in the recording's directory, which
 * `ffitap record` and `ffitap stat` write and `ffitap report` reads. The file is written once when
 * the recording starts and again when it ends, so that a recording that was killed still says what
 * it was.
 */
#ifndef FFITAP_TOOLS_REPORT_BASE_RECORDING_H
#define FFITAP_TOOLS_REPORT_BASE_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#define FFITAP_RECORDING_FORMAT "ffitap-recording/1"

/* Names inside a recording's directory. */
#define FFITAP_RECORDING_FILE      "recording"
#define FFITAP_RECORDING_TRACE     "trace" /* the CTF trace, as LTTng lays it out */

#define FFITAP_RECORDING_MODE_STAT "stat"

/* The set of events for which no process keeps statistics. */
#define FFITAP_RECORDING_EVENTS_LOADS "loads"

struct ffitap_recording {
    char *token;               /* ties the processes of the trace to this recording */
    json_t *command;           /* array of strings, valid UTF-8 whatever the arguments held */
    char *program;             /* the file that the command names, absolute; NULL: not known */
    char *host;                /* nodename */
    char *start;               /* ISO 8601, UTC, with nanoseconds */
    char *mode;                /* "record", or "stat" for statistics without a trace */
    char *events;              /* "calls", "detail" or "loads"; "" without a trace */
    json_t *filter;            /* array of strings: patterns (tap/base/filter.h); NULL: none */
    json_t *versions;          /* object: "ffitap", "lttng", "kernel" */
    bool is_bare;              /* statistics files alone, whoever had them made */
    int64_t pid;               /* of the command; if bare, of a process that lives, or 0 */
    uint64_t duration_ns;      /* 0 while it runs */
    bool ended;                /* false: the recorder did not live to see the end */
    bool incomplete;           /* the recorder knows that some of the trace was not written */
    bool signaled;             /* the command died of a signal */
    int code;                  /* its exit status, or that signal */
    uint64_t discarded_events; /* as LTTng counted them, for want of buffer space */
    uint64_t lost_packets;
};

/* Releases what `recording` holds, not the structure itself. */
void ffitap_recording_fini(struct ffitap_recording *recording);

/*
 * Writes the description into `directory`, whole or not at all (a temporary file and rename(2)).
 * Returns 0, or -1 with errno set.
 */
int ffitap_recording_write(const struct ffitap_recording *recording, const char *directory);

/*
 * Reads the description of `directory`, or makes one up if it holds none but statistics files, into
 * `*recording`, which the caller releases with ffitap_recording_fini(). Returns 0, or -1 with a
 * sentence in `why` (at most `size` bytes) that says what is wrong and what to do about it;
 * `*recording` is then empty.
 */
int ffitap_recording_read(struct ffitap_recording *recording, const char *directory, char *why,
                          unsigned size);

/* The folder of its statistics files, to be freed; NULL: no memory. */
char *ffitap_recording_statistics(const struct ffitap_recording *recording, const char *directory);

/* When the recording ended, or the present if it goes on, in nanoseconds since 1970. 0 if neither
 * is known, as when the recorder did not live to see the end. */
int64_t ffitap_recording_end_ns(const struct ffitap_recording *recording);

#endif
