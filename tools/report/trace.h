/* The reader of CTF traces: babeltrace 2 decodes and merges the streams, the model gets the events.
 */
#ifndef FFITAP_REPORT_TRACE_H
#define FFITAP_REPORT_TRACE_H

#include "report/model.h"
#include "report/worker.h"

/*
 * Reads every trace at or below `directory` into `model`, in one pass and in order of time. What
 * cannot be read is left out and noted as damage in the model. Returns 0, or -1 if there was
 * nothing that could be read, with a sentence in `why` (at most `size` bytes).
 */
int ffitap__trace_read(struct ffitap__model *model, const char *directory,
                       struct ffitap__attempt *attempt, char *why, unsigned size);

#endif
