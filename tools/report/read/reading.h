/*
 * From a recording to a finished model, in the order in which its sources are to be read, or to a
 * sink of single events.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_READING_H
#define FFITAP_TOOLS_REPORT_READ_READING_H

#include "report/base/recording.h"
#include "report/model/model.h"
#include "report/model/sink.h"
#include "report/read/worker.h"

/*
 * Reads the statistics that there are now in the recording's directory. `now_ns`, since 1970, is
 * when the calls in flight are looked at (ffitap__statistics_read_folder()). The caller owns the
 * model, as in the next two.
 */
struct ffitap__model *ffitap__reading_statistics(const struct ffitap_recording *recording,
                                                 const char *directory, int64_t now_ns);

/* Reads one statistics file in the same way. */
struct ffitap__model *ffitap__reading_file(const struct ffitap_recording *recording,
                                           const char *file, int64_t now_ns);

/*
 * Reads all that a recording holds: its statistics and its trace, one of which is enough. NULL if
 * neither can be read, with a sentence in `why` (at most `size` bytes).
 */
struct ffitap__model *ffitap__reading_whole(const struct ffitap_recording *recording,
                                            const char *directory, struct ffitap__attempt *attempt,
                                            char *why, unsigned size);

/* Tells `sink` what the recording's trace holds. Returns 0, or -1 with a sentence in `why`. */
int ffitap__reading_events(const struct ffitap__report_sink *sink,
                           const struct ffitap_recording *recording, const char *directory,
                           struct ffitap__attempt *attempt, char *why, unsigned size);

#endif
