/* The reader of CTF traces: babeltrace 2 decodes and merges the streams, a sink is told the events.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_TRACE_H
#define FFITAP_TOOLS_REPORT_READ_TRACE_H

#include "report/model/sink.h"
#include "report/read/worker.h"

/*
 * Reads every trace at or below `directory` to `sink`, in one pass and in order of time. What
 * cannot be read is left out and told as damage. Returns 0, or -1 if there was
 * nothing that could be read, with a sentence in `why` (at most `size` bytes).
 */
int ffitap__trace_read(const struct ffitap__report_sink *sink, const char *directory,
                       struct ffitap__attempt *attempt, char *why, unsigned size);

#endif
