/* The bench's results for people: a table of 80 columns. */
#ifndef FFITAP_TOOLS_BENCH_TABLE_H
#define FFITAP_TOOLS_BENCH_TABLE_H

#include <stdio.h>

#include "bench/results.h"

/* Writes the table. Rows that were not measured are left out. */
void ffitap_bench_table_write(FILE *stream, const struct ffitap_bench_results *results);

#endif
