/*
 * Measures what one LTTng event with the payload of `call` costs if nothing else is done. A
 * recorded call cannot cost less. Prints nanoseconds per event.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tap/sinks/lttng.h"

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    const int events = argc > 1 ? atoi(argv[1]) : 300000;
    const struct ffitap__call_event call = {.function_id = 1, .runtime_id = 1};
    double best = 1e9;

    for (int round = 0; round < 5; round++) {
        const double begun = seconds();

        for (int i = 0; i < events; i++)
            ffitap__lttng_call(&call);
        const double each = (seconds() - begun) / events;
        if (each < best)
            best = each;
    }
    printf("%.1f\n", best * 1e9);
    return 0;
}
