/* What is known of runtimes, by the file names of the objects that make their foreign calls. */
#ifndef FFITAP_SHIM_INTERFACES_FFI_RUNTIMES_H
#define FFITAP_SHIM_INTERFACES_FFI_RUNTIMES_H

#include <stdbool.h>

struct ffitap__known_runtime {
    const char *file; /* how the object's file name begins */
    const char *name;
    bool exchanges_errno; /* keeps an errno of its own, which it puts in place before each call */
    bool reads_data;      /* looks its data up in the closures that it prepared */
};

/* The runtime that the object at `path` belongs to. A runtime that is not known is called by the
 * name of the file, which then points into `path`. */
struct ffitap__known_runtime ffitap__runtimes_find(const char *path);

#endif
