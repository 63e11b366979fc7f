/* What a function is made of. */
#ifndef FFITAP_CORE_FUNCTION_H
#define FFITAP_CORE_FUNCTION_H

#include <ffi.h>
#include <stdint.h>

#include <ffitap/function.h>

struct ffitap_function {
    struct ffitap_library *library; /* a created function holds a reference, a cached one none */
    void *address;
    const struct ffitap_type *result;
    ffi_type **arguments; /* cif points into it; NULL if there are none */
    size_t argument_count;
    ffi_cif cif; /* prepared whenever a type is set, not for each call */
    uint32_t hash;
    struct ffitap_function *next; /* of its bucket in the library's cache */
    char name[];
};

/* Frees `function` and those behind it in a library's cache. */
void ffitap__function_free_chain(struct ffitap_function *function);

#endif
