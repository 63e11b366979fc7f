/* How many of the bench's calls ffitap has counted. If ffitap did not see the calls, the figures
 * would be wrong. */
#ifndef FFITAP_TOOLS_BENCH_COUNTED_H
#define FFITAP_TOOLS_BENCH_COUNTED_H

#include <stdint.h>
#include <sys/types.h>

/* The calls of `symbol` in the statistics that process `pid` left in `folder`. */
uint64_t ffitap_bench_count_calls(const char *folder, pid_t pid, const char *symbol);

#endif
