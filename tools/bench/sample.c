#include "bench/sample.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

/* The value below which `quarters` quarters of the sample lie. */
static double quartile(const double *sorted, size_t count, unsigned quarters)
{
    const double place = (double)(count - 1) * quarters / 4;
    const size_t below = (size_t)place;
    const size_t above = below + 1 < count ? below + 1 : below;

    return sorted[below] + (sorted[above] - sorted[below]) * (place - (double)below);
}

struct ffitap_bench_spread ffitap_bench_spread_get(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return (struct ffitap_bench_spread){
        .lowest = values[0],
        .quartile_1 = quartile(values, count, 1),
        .median = quartile(values, count, 2),
        .quartile_3 = quartile(values, count, 3),
        .highest = values[count - 1],
    };
}
