/* CLOCK_MONOTONIC in nanoseconds. */
#ifndef FFITAP_TOOLS_RECORDER_CLOCK_H
#define FFITAP_TOOLS_RECORDER_CLOCK_H

#include <stdint.h>
#include <time.h>

#define FFITAP_SECOND_NS UINT64_C(1000000000)

static inline uint64_t ffitap_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * FFITAP_SECOND_NS + (uint64_t)now.tv_nsec;
}

#endif
