/* The summary of many measurements of one thing. */
#ifndef FFITAP_TOOLS_BENCH_SAMPLE_H
#define FFITAP_TOOLS_BENCH_SAMPLE_H

#include <stddef.h>

/* Quartiles that fall between two values of the sample are interpolated: the median of two values
 * is their mean. */
struct ffitap_bench_spread {
    double lowest;
    double quartile_1;
    double median;
    double quartile_3;
    double highest;
};

/* Brings the `count` values, one at least, into order. */
struct ffitap_bench_spread ffitap_bench_spread_get(double *values, size_t count);

#endif
