/* The exchange of errno and of the last error around native code. */
#ifndef FFITAP_CORE_ERRNO_H
#define FFITAP_CORE_ERRNO_H

#include <ffitap/errno.h>

/* Exchanges this thread's private errno with the real one. */
void ffitap__errno_swap(void);

/* Where the real last error is. Another source may be named at any time, so a value that was
 * exchanged with one source must be exchanged back with the same source. */
const struct ffitap_last_error_source *ffitap__last_error_source(void);

/* Exchanges this thread's private last error with the real one, which `source` reads and sets. */
struct ffitap__last_error_swap {
    int real_value;    /* the real one before the exchange */
    int private_value; /* the private one before it, which is the real one now */
};
struct ffitap__last_error_swap
ffitap__last_error_swap(const struct ffitap_last_error_source *source);

#endif
