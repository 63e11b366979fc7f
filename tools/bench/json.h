/* The bench's results for machines; ffitap-bench(1) describes the document. */
#ifndef FFITAP_TOOLS_BENCH_JSON_H
#define FFITAP_TOOLS_BENCH_JSON_H

#include <jansson.h>

#include "bench/results.h"

/* NULL if memory is short. */
json_t *ffitap_bench_json(const struct ffitap_bench_results *results);

#endif
