/* The measuring itself: starts all processes, has them take turns, and checks that ffitap has seen
 * their calls. */
#ifndef FFITAP_TOOLS_BENCH_MEASURE_H
#define FFITAP_TOOLS_BENCH_MEASURE_H

#include <signal.h>

#include "bench/results.h"

/*
 * Measures into `results`, which must have room for the rounds. What cannot be measured on this
 * machine is missing in the results, and for each such thing a message says why. Returns 0 or the
 * program's exit status, having said why. Nothing is left behind either way. The caller must have
 * blocked the signals that ffitap watches (recorder/signals.h); `mask` is the signal mask from
 * before that.
 */
int ffitap_bench_measure(struct ffitap_bench_results *results, const sigset_t *mask);

#endif
