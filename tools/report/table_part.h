/* What the parts of the table share: table.c writes it, table_functions.c its main part. */
#ifndef FFITAP_REPORT_TABLE_PART_H
#define FFITAP_REPORT_TABLE_PART_H

#include <stdio.h>

#include "report/model.h"
#include "report/recording.h"

struct ffitap__table {
    FILE *stream;
    const struct ffitap_recording *recording;
    const struct ffitap__model *model;
    unsigned limit; /* of rows in each section, 0: none */
};

/* The functions, the widest cost first. */
void ffitap__table_functions(const struct ffitap__table *table);

/* How long the recording lasted, as far as is known. */
uint64_t ffitap__table_duration_of(const struct ffitap__table *table);

/* How many of `count` rows are shown, and the line that tells of the others. */
unsigned ffitap__table_rows_shown(const struct ffitap__table *table, unsigned count);
void ffitap__table_print_rest(const struct ffitap__table *table, unsigned count);

/* A column of eight, after a blank. */
void ffitap__table_print_duration(FILE *stream, uint64_t ns);

/* Text of the recording's on one line, whatever it holds; NULL is "". */
void ffitap__table_print_text(FILE *stream, const char *text);

/* "cos (libm.so.6)" */
void ffitap__table_print_function(FILE *stream, const char *symbol, const char *library);

#endif
