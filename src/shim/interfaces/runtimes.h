/* What is known of runtimes, by the file names of the objects that make their foreign calls. */
#ifndef FFITAP_SHIM_INTERFACES_RUNTIMES_H
#define FFITAP_SHIM_INTERFACES_RUNTIMES_H

#include <stdbool.h>

struct ffitap__known_runtime {
    const char *file; /* how the object's file name begins */
    const char *name;
    bool exchanges_errno; /* keeps one of its own, put in place right before each call */
    bool reads_data;      /* looks into its closures for what it prepared them with */
};

/*
 * The runtime that the object at `path` belongs to. One that is not known goes by the file's name,
 * which stays the path's.
 */
struct ffitap__known_runtime ffitap__runtimes_find(const char *path);

#endif
