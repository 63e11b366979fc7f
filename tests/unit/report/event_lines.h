/* A writer of single events, as 'ffitap trace' might have one: a line for each that it is told. */
#ifndef FFITAP_TESTS_EVENT_LINES_H
#define FFITAP_TESTS_EVENT_LINES_H

#include "report/model/sink.h"

/* Functions, calls and callbacks, into the stream (FILE *) that is the sink's data. */
extern const struct ffitap__report_told event_lines;

#endif
