/*
 * Which source counts a process that both a statistics file and a trace tell of: the file, if it is
 * whole, for it is exact where events may have been discarded; else the trace. Nothing is counted
 * from both; loads that never ended are in the trace alone and always come from it.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_SOURCES_H
#define FFITAP_TOOLS_REPORT_MODEL_SOURCES_H

#include "report/model/process.h"

/*
 * Whether a whole statistics file tells of `process`, which a trace announced just now. A damaged
 * file that does is given up for the trace.
 */
bool ffitap__sources_tell_better(const GPtrArray *processes, const struct ffitap__process *process);

/*
 * When everything was fed: the same for processes that the trace never announced, which are known
 * by their numbers alone; brings all into the order of their starts, and notes what came of what.
 */
void ffitap__sources_choose(GPtrArray *processes);

#endif
