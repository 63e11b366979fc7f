/* For arch.h, which says what these are: the time stamp counter. */
#ifndef FFITAP_ARCH_X86_64_TICKS_H
#define FFITAP_ARCH_X86_64_TICKS_H

#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>

#define FFITAP__TICKS_SOURCE "tsc"

static inline uint64_t ffitap__ticks_read(void)
{
    return __builtin_ia32_rdtsc();
}

static inline bool ffitap__ticks_are_steady(void)
{
    unsigned eax, ebx, ecx, edx;

    return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) && (edx & (1u << 8));
}

#endif
