/* A call of native code with types of ours, and nothing else of the core around it. */
#ifndef FFITAP_TESTS_CORE_INVOKE_H
#define FFITAP_TESTS_CORE_INVOKE_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <ffi.h>

#include "core/signature.h"

/* The library stays loaded. */
static inline void *find_native(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_NOW);

    cr_assert(ne(ptr, handle, NULL), "%s", dlerror());
    void *address = dlsym(handle, name);
    cr_assert(ne(ptr, address, NULL), "%s", dlerror());
    return address;
}

static inline void invoke(ffi_abi abi, void *address, const struct ffitap_type *result_type,
                          void *result, const struct ffitap_type *const *types, void **arguments,
                          size_t count)
{
    struct ffitap__signature *signature = NULL;

    cr_assert(eq(
        int,
        ffitap__signature_create("a test", abi, result_type, types, count, count, &signature, NULL),
        FFITAP_OK));
    ffi_call(&signature->cif, FFI_FN(address), result, arguments);
    ffitap__signature_destroy(signature);
}

#endif
