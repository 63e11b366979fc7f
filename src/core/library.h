/* What a library is made of. */
#ifndef FFITAP_CORE_LIBRARY_H
#define FFITAP_CORE_LIBRARY_H

#include <stdatomic.h>

#include <ffitap/library.h>

#define FFITAP__CACHE_SIZE 256u /* a power of two */

struct ffitap_library {
    _Atomic unsigned references; /* the caller's, and one for each created function */
    void *handle;
    char *name;       /* NULL for the main program */
    const char *path; /* of the object that the handle stands for; the tap's, never freed */
    enum ffitap_library_kind kind;
    unsigned flags; /* enum ffitap_library_flag */

    /*
     * Functions by the hash of their name. Functions are only ever put in front of others, so that
     * reading needs no lock, and no lock of ours can be taken in the wrong order with the dynamic
     * linker's.
     */
    struct ffitap_function *_Atomic cache[FFITAP__CACHE_SIZE];
};

/* Whether this platform has libraries of `kind`, and all of `flags` are known. */
enum ffitap_status ffitap__library_check(enum ffitap_library_kind kind, unsigned flags,
                                         struct ffitap_error *error);

/* ffitap_library_create() on behalf of `caller`, a code address in the object that asks. May change
 * errno. */
enum ffitap_status ffitap__library_create(const char *name, enum ffitap_library_kind kind, int mode,
                                          unsigned flags, const void *caller,
                                          struct ffitap_library **out, struct ffitap_error *error);

void ffitap__library_retain(struct ffitap_library *library);
void ffitap__library_release(struct ffitap_library *library);

#endif
