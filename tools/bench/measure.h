/* The measuring itself: starts all processes, has them take turns, and makes sure of what it saw.
 */
#ifndef FFITAP_TOOLS_BENCH_MEASURE_H
#define FFITAP_TOOLS_BENCH_MEASURE_H

#include <signal.h>

#include "bench/results.h"

/*
 * Measures into `results`, which were made for the number of rounds. What cannot be measured on
 * this machine is said, in a line each, and missing in the results. Returns 0 or the program's exit
 * status, having said why. Nothing is left behind either way. The caller has blocked what ffitap
 * watches (ffitap/signals.h); `mask` was in force before.
 */
int ffitap_bench_measure(struct ffitap_bench_results *results, const sigset_t *mask);

#endif
