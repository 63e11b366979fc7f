/* Loads, lookups and unloads, as both the shim and the core report them. */
#ifndef FFITAP_TAP_KNOWN_LIBRARY_H
#define FFITAP_TAP_KNOWN_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

/* A load, a lookup or an unload under way. The caller's, on its stack. */
struct ffitap__library_step {
    uint64_t load_id;
    const char *name; /* what is loaded or looked up */
    int mode;
    const void *caller; /* a code address of the object that asks */
    uint64_t begun;
    uint64_t ended;
};

/* All of these leave errno alone. */

/* `name` is dlopen(3)'s argument. */
FFITAP__CROSSING void ffitap__library_load_begin(struct ffitap__library_step *load,
                                                 const char *name, int mode, const void *caller);

/* `error` is dlerror(3)'s text if `handle` is NULL. This also finds the objects that came along
 * with the library. */
FFITAP__CROSSING void ffitap__library_load_end(struct ffitap__library_step *load, void *handle,
                                               const char *error);

FFITAP__CROSSING void ffitap__library_lookup_begin(struct ffitap__library_step *lookup,
                                                   const char *symbol, const void *caller);

/*
 * `version` is dlvsym(3)'s, NULL without one. Names the function at `address` if that is not NULL.
 */
FFITAP__CROSSING void ffitap__library_lookup_end(struct ffitap__library_step *lookup, void *handle,
                                                 const char *version, void *address,
                                                 const char *error);

/* A lookup that a cache has answered. The function is known already, and `library` is a path. */
FFITAP__CROSSING void ffitap__library_lookup_cached(const char *library, void *handle,
                                                    const char *symbol, void *address,
                                                    const void *caller);

/* Sets `unload->name` to the path of the object that `handle` stands for. */
FFITAP__CROSSING void ffitap__library_unload_begin(struct ffitap__library_step *unload,
                                                   void *handle, const void *caller);

FFITAP__CROSSING void ffitap__library_unload_end(struct ffitap__library_step *unload, void *handle,
                                                 int result, const char *error);

#endif
