/*
 * What a function is made of. Libraries keep functions, and so this file must not need library.h.
 */
#ifndef FFITAP_CORE_FUNCTION_H
#define FFITAP_CORE_FUNCTION_H

#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>

#include <ffitap/function.h>

#include "core/signature.h"

/* What a call of a function has to mind. A function without any of these traits is called the short
 * way. */
enum ffitap__trait {
    FFITAP__KEEPS_LOCK = 1u << 0, /* and leaves its errors in the interpreter */
    FFITAP__SWAPS_ERRNO = 1u << 1,
    FFITAP__SWAPS_LAST_ERROR = 1u << 2,
    FFITAP__RETURNS_HRESULT = 1u << 3,
    FFITAP__RETURNS_OBJECT = 1u << 4, /* a PyObject *: if it is NULL, the call fails */
    FFITAP__HAS_ERRCHECK = 1u << 5,
    FFITAP__TAKES_COPIES = 1u << 6, /* of values too large for a register: see core/abi.h */
};

/* The traits that a function has from the start and keeps. The others come and go with its types
 * and its error check. */
#define FFITAP__TRAITS_FOR_LIFE                                                                    \
    (FFITAP__KEEPS_LOCK | FFITAP__SWAPS_ERRNO | FFITAP__SWAPS_LAST_ERROR)

struct ffitap_function {
    void *address;
    unsigned traits;                     /* enum ffitap__trait */
    bool declared;                       /* its arguments were declared, and it takes no others */
    struct ffitap__signature *signature; /* prepared whenever a type is set, not for each call */
    ffitap_errcheck *errcheck;
    void *errcheck_data;
    struct ffitap_library *library; /* a created function holds a reference, a cached one none */
    enum ffitap_library_kind kind;
    ffi_abi abi;
    uint32_t hash;
    struct ffitap_function *next; /* of its bucket in the library's cache */
    char name[];
};

/*
 * Gives `function` these types: either all of them or, on failure, none. ffitap__signature_create()
 * describes the types, and how this fails. `declared` is false if the function may be called with
 * any others after them.
 */
enum ffitap_status ffitap__function_set_types(struct ffitap_function *function,
                                              const struct ffitap_type *result,
                                              const struct ffitap_type *const *types, size_t fixed,
                                              size_t count, bool declared,
                                              struct ffitap_error *error);

/* What a function returns at first. */
const struct ffitap_type *ffitap__function_first_result(const struct ffitap_function *function);

/* Frees the function alone, with the types that it has. */
void ffitap__function_free(struct ffitap_function *function);

/* Frees `function` and those behind it in a library's cache. */
void ffitap__function_free_chain(struct ffitap_function *function);

#endif
