/*
 * A view of a damaged trace that holds what is whole of it. babeltrace refuses a trace as soon as
 * one of its streams is cut in the middle of a packet, which is what a full disk, a killed consumer
 * or a copy of a running recording leave.
 */
#ifndef FFITAP_REPORT_REPAIR_H
#define FFITAP_REPORT_REPAIR_H

#include "report/model.h"

/*
 * Makes a temporary directory that babeltrace can open: links to the metadata and to the healthy
 * streams of `trace`, and of each damaged stream a copy of the packets before the damage. What is
 * left out is noted in `model`. Returns its path, which ffitap__repair_destroy() takes back, or
 * NULL if nothing can be opened.
 */
char *ffitap__repair_create(const char *trace, struct ffitap__model *model);

/* Removes the view and frees its path. */
void ffitap__repair_destroy(char *view);

#endif
