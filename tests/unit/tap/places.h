/*
 * For tests that load a library where another one has been. A sanitizer maps memory of its own, for
 * the first objects that come, and it may do so where the one library has just been.
 */
#ifndef FFITAP_TESTS_PLACES_H
#define FFITAP_TESTS_PLACES_H

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>

#define PLACES_TURNS_MAX 100

static inline uintptr_t places_visit(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW);
    const uintptr_t place = handle ? ((const struct link_map *)handle)->l_addr : 0;

    if (handle)
        dlclose(handle);
    return place;
}

/* Loads both libraries by turns until each comes to where the other has been, three times in a row.
 * Whoever needs that still has to check it: this may be in vain. */
static inline void places_settle(const char *one, const char *other)
{
    for (int turns = 0, same = 0; turns < PLACES_TURNS_MAX && same < 3; turns++)
        same = places_visit(one) == places_visit(other) ? same + 1 : 0;
}

#endif
