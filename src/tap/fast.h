/* What the hot path tells the compiler. */
#ifndef FFITAP_TAP_FAST_H
#define FFITAP_TAP_FAST_H

#include <stdbool.h>
#include <stdint.h>

#define FFITAP__LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define FFITAP__UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/*
 * Adds to what only this thread writes, in one instruction: a signal handler that adds to the same
 * comes before it or behind.
 */
static inline void ffitap__add(uint64_t *sum, uint64_t value)
{
    __asm__("addq %1, %0" : "+m"(*sum) : "er"(value) : "cc");
}

static inline void ffitap__increment(uint32_t *count)
{
    __asm__("addl $1, %0" : "+m"(*count) : : "cc");
}

/* The same, and says what the count was. */
static inline uint32_t ffitap__take_next(uint32_t *count)
{
    uint32_t former = 1;

    __asm__("xaddl %0, %1" : "+r"(former), "+m"(*count) : : "cc");
    return former;
}

/* Clears what only this thread changes, and says whether it was set: one signal handler gets it. */
static inline bool ffitap__take(uint32_t *flag)
{
    bool was_set;

    __asm__("btrl $0, %1" : "=@ccc"(was_set), "+m"(*flag) : :);
    return was_set;
}

/* Changes it from `former` to `value`, or nothing and returns false: it is another one by now. */
static inline bool ffitap__replace(uintptr_t *place, uintptr_t former, uintptr_t value)
{
    bool was_former;

    __asm__ volatile("cmpxchgq %3, %1"
                     : "=@ccz"(was_former), "+m"(*place), "+a"(former)
                     : "r"(value)
                     : "memory");
    return was_former;
}

/*
 * A few bytes of thread-local storage that never allocate on first use. The C library keeps a
 * small reserve of such storage for libraries that a host loads late: spend little of it.
 */
#define FFITAP__THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

#endif
