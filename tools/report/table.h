/* The report as a table for people, what costs most first. */
#ifndef FFITAP_REPORT_TABLE_H
#define FFITAP_REPORT_TABLE_H

#include <stdio.h>

#include "report/model.h"
#include "report/recording.h"

/* Writes the table of a finished model, at most `limit` rows per section (0: all). */
void ffitap__table_write(FILE *stream, const struct ffitap_recording *recording,
                         const struct ffitap__model *model, unsigned limit);

#endif
