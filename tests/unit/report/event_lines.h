/* A writer of single events, as 'ffitap trace' might have one. It writes a line for each event that
 * it is told. */
#ifndef FFITAP_TESTS_EVENT_LINES_H
#define FFITAP_TESTS_EVENT_LINES_H

#include "report/model/sink.h"

/* Writes functions, calls and callbacks into the stream (FILE *) that is the sink's data. */
extern const struct ffitap__report_told event_lines;

#endif
