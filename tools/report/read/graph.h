/*
 * One run of babeltrace's: traces -> muxer -> a consumer, or traces -> a consumer. babeltrace keeps
 * quiet; why something failed comes back as text.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_GRAPH_H
#define FFITAP_TOOLS_REPORT_READ_GRAPH_H

#include <stdbool.h>

#include <babeltrace2/babeltrace.h>
#include <glib.h>

#include "report/read/worker.h"

/* Called with every message; borrowed for the call. */
typedef void ffitap__consume(void *data, const bt_message *message);

/*
 * Opens the traces in `directories` (char *, each holds a `metadata`) without reading them.
 * Returns NULL, or why that failed (g_free() it).
 */
char *ffitap__graph_probe(const GPtrArray *directories);

/*
 * Reads the traces in `directories` and hands every message to `consume`, in order of time, up to
 * the number that the attempt allows; the messages are counted in the attempt. Returns NULL, or why
 * it ended early (g_free() it); `*ran` says whether anything was read before that.
 */
char *ffitap__graph_run(const GPtrArray *directories, struct ffitap__attempt *attempt,
                        ffitap__consume *consume, void *data, bool *ran);

/*
 * Reads the traces without putting their streams into one order, which saves time, until there is
 * nothing left or `deadline_us` of g_get_monotonic_time() has come; `*complete` says which. Returns
 * NULL, or why there was nothing to read or it ended early (g_free() it).
 */
char *ffitap__graph_run_unordered(const GPtrArray *directories, int64_t deadline_us,
                                  ffitap__consume *consume, void *data, bool *complete);

#endif
