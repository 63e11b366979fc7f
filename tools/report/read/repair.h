/*
 * A view of a damaged trace that holds what is whole of it. babeltrace refuses a trace as soon as
 * one of its streams is cut in the middle of a packet, which is what a full disk, a killed consumer
 * or a copy of a running recording leave.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_REPAIR_H
#define FFITAP_TOOLS_REPORT_READ_REPAIR_H

#include "report/model/sink.h"

/*
 * Makes, inside the directory `scratch`, a directory that babeltrace can open: links to the
 * metadata and to the healthy streams of `trace`, and of each damaged stream a copy of the packets
 * before the damage. What is left out is told to `sink`. Returns its path (g_free() it), or NULL
 * if nothing can be opened. The files stay in `scratch`.
 */
char *ffitap__repair_create(const char *trace, const char *scratch,
                            const struct ffitap__report_sink *sink);

/*
 * Notes the streams of `trace` that end too early by whole packets, which babeltrace takes for the
 * end of the recording: LTTng's index of a stream says how long it was.
 */
void ffitap__repair_note_missing(const char *trace, const struct ffitap__report_sink *sink);

#endif
