/* What the tables share: parts of them, and how their columns are printed. */
#ifndef FFITAP_TOOLS_REPORT_WRITE_TABLE_PART_H
#define FFITAP_TOOLS_REPORT_WRITE_TABLE_PART_H

#include <stdbool.h>
#include <stdio.h>

#include "report/base/recording.h"
#include "report/model/model.h"

struct ffitap__table {
    FILE *stream;
    const struct ffitap_recording *recording;
    const struct ffitap__model *model;
    unsigned limit;   /* of rows in each section, 0: none */
    const char *rest; /* what shows the rows beyond it */
    bool all_columns; /* also columns that are empty here: in the next table they may not be */
};

/* What was run and how it ended; what is missing, if anything is; calls that did not return. */
void ffitap__table_head(const struct ffitap__table *table);
void ffitap__table_losses(const struct ffitap__table *table);
void ffitap__table_in_flight(const struct ffitap__table *table);

/* Prints the functions, those first that cost most. */
void ffitap__table_functions(const struct ffitap__table *table);

/*
 * What calls wait for after they have left native code: for a lock, or to be attached to an
 * interpreter that had none. ffitap__table_wait_name() is that as the title of a column of eight.
 */
enum ffitap__wait {
    FFITAP__WAIT_FOR_LOCK,
    FFITAP__WAIT_TO_ATTACH,
    FFITAP__WAIT_FOR_EITHER,
};
enum ffitap__wait ffitap__table_wait(const struct ffitap__table *table);
const char *ffitap__table_wait_name(enum ffitap__wait wait);

/* Loads, lookups, errno and losses, a line each. */
void ffitap__table_summary(const struct ffitap__table *table);

/* A function's percentage of `whole_ns`, in a column of six after a blank. */
void ffitap__table_print_share(FILE *stream, uint64_t part_ns, uint64_t whole_ns);

/* How long the recording lasted, as far as is known. */
uint64_t ffitap__table_duration_of(const struct ffitap__table *table);

/* How many of `count` rows are shown, and the line that tells of the others. */
unsigned ffitap__table_rows_shown(const struct ffitap__table *table, unsigned count);
void ffitap__table_print_rest(const struct ffitap__table *table, unsigned count);

/* A column of eight, after a blank. */
void ffitap__table_print_duration(FILE *stream, uint64_t ns);

/* A text of the recording on one line, whatever the text holds; NULL is "". */
void ffitap__table_print_text(FILE *stream, const char *text);

/* "cos (libm.so.6)" */
void ffitap__table_print_function(FILE *stream, const char *symbol, const char *library);

/* The four columns from mean to max, and the end of a function's row: what it is called. */
void ffitap__table_print_times(FILE *stream, const struct ffitap__histogram *native);
void ffitap__table_end_row(FILE *stream, const struct ffitap__report_function *function);

/* "ENOENT 98 (3 found there)": three of these calls may have left errno as they found it. */
void ffitap__table_print_outcome(FILE *stream, const struct ffitap__outcome *outcome);

#endif
