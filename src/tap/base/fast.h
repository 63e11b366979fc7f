/* What the hot path tells the compiler. */
#ifndef FFITAP_TAP_BASE_FAST_H
#define FFITAP_TAP_BASE_FAST_H

#define FFITAP__LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define FFITAP__UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/*
 * A few bytes of thread-local storage that never allocate on first use. The C library keeps a
 * small reserve of such storage for libraries that a host loads late: spend little of it.
 */
#define FFITAP__THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

#endif
