/*
 * Which source is used for a process that both a statistics file and a trace tell of: the file if
 * it is whole, because it is exact where events may have been discarded; else the trace. Nothing is
 * counted from both. Loads that never ended are in the trace alone, and always come from there.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_SOURCES_H
#define FFITAP_TOOLS_REPORT_MODEL_SOURCES_H

#include "report/model/process.h"

/* Whether a whole statistics file tells of `process`, which a trace has announced just now. If a
 * damaged file tells of it, that file is given up for the trace. */
bool ffitap__sources_tell_better(const GPtrArray *processes, const struct ffitap__process *process);

/*
 * Call this when everything was fed. It does the same for processes that the trace never announced,
 * and that are known by their numbers alone. Then brings all processes into the order of their
 * starts, and notes which one is the parent of which.
 */
void ffitap__sources_choose(GPtrArray *processes);

#endif
