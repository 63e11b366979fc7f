/* For arch.h, which says what these are. */
#ifndef FFITAP_ARCH_X86_64_ADD_H
#define FFITAP_ARCH_X86_64_ADD_H

#include <stdbool.h>
#include <stdint.h>

static inline void ffitap__add(uint64_t *sum, uint64_t value)
{
    __asm__("addq %1, %0" : "+m"(*sum) : "er"(value) : "cc");
}

static inline void ffitap__increment(uint32_t *count)
{
    __asm__("addl $1, %0" : "+m"(*count) : : "cc");
}

static inline uint32_t ffitap__take_next(uint32_t *count)
{
    uint32_t former = 1;

    __asm__("xaddl %0, %1" : "+r"(former), "+m"(*count) : : "cc");
    return former;
}

static inline bool ffitap__take(uint32_t *flag)
{
    bool was_set;

    __asm__("btrl $0, %1" : "=@ccc"(was_set), "+m"(*flag) : :);
    return was_set;
}

static inline bool ffitap__replace(uintptr_t *place, uintptr_t former, uintptr_t value)
{
    bool was_former;

    __asm__ volatile("cmpxchgq %3, %1"
                     : "=@ccz"(was_former), "+m"(*place), "+a"(former)
                     : "r"(value)
                     : "memory");
    return was_former;
}

#endif
