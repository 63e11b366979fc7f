/* How functions are made: from a symbol that is looked up in a library, or from any address. A
 * library keeps the functions that it lends. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/abi.h"
#include "core/fail.h"
#include "core/function.h"
#include "core/library.h"
#include "core/lookup.h"
#include "core/start.h"
#include "tap/known/function.h"
#include "tap/known/library.h"
#include "tap/known/scan.h"
#include "tap/layout.h"

/* Gives a fresh function its first types. They come from a signature, as any later ones do. */
static enum ffitap_status type_at_first(struct ffitap_function *function,
                                        struct ffitap_error *error)
{
    return ffitap__function_set_types(function, ffitap__function_first_result(function), NULL, 0, 0,
                                      false, error);
}

static unsigned traits_of(enum ffitap_library_kind kind, unsigned flags)
{
    return (kind == FFITAP_PYDLL ? FFITAP__KEEPS_LOCK : 0) |
           (flags & FFITAP_USE_ERRNO ? FFITAP__SWAPS_ERRNO : 0) |
           (flags & FFITAP_USE_LAST_ERROR ? FFITAP__SWAPS_LAST_ERROR : 0);
}

static enum ffitap_status make(const char *name, void *address, enum ffitap_library_kind kind,
                               unsigned flags, struct ffitap_function **out,
                               struct ffitap_error *error)
{
    const size_t size = strlen(name) + 1;
    ffi_abi abi;
    enum ffitap_status status = ffitap__abi_of(kind, &abi, error);

    if (status != FFITAP_OK)
        return status;
    struct ffitap_function *function = calloc(1, sizeof(*function) + size);
    if (!function)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for function '%s'", name);
    memcpy(function->name, name, size);
    function->address = address;
    function->kind = kind;
    function->abi = abi;
    function->traits = traits_of(kind, flags);
    status = type_at_first(function, error);
    if (status != FFITAP_OK) {
        ffitap__function_free(function);
        return status;
    }
    *out = function;
    return FFITAP_OK;
}

/* Looks `name` up and makes a function of it that no library owns yet. */
static enum ffitap_status look_up(struct ffitap_library *library, const char *name,
                                  const void *caller, struct ffitap_function **out,
                                  struct ffitap_error *error)
{
    void *address = NULL;
    enum ffitap_status status = ffitap__lookup(library, name, caller, &address, error);

    if (status == FFITAP_OK)
        status = make(name, address, library->kind, library->flags, out, error);
    if (status == FFITAP_OK)
        (*out)->library = library;
    return status;
}

static uint32_t hash_name(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static struct ffitap_function *find(struct ffitap_function *chain, uint32_t hash, const char *name)
{
    while (chain && (chain->hash != hash || strcmp(chain->name, name) != 0))
        chain = chain->next;
    return chain;
}

/* Puts `fresh` into the cache. If another thread was first, that thread's function stays. */
static struct ffitap_function *keep(struct ffitap_library *library, struct ffitap_function *fresh)
{
    struct ffitap_function *_Atomic *bucket = &library->cache[fresh->hash % FFITAP__CACHE_SIZE];

    fresh->next = atomic_load_explicit(bucket, memory_order_acquire);
    do {
        struct ffitap_function *earlier = find(fresh->next, fresh->hash, fresh->name);

        if (earlier) {
            ffitap__function_free(fresh);
            return earlier;
        }
    } while (!atomic_compare_exchange_weak_explicit(bucket, &fresh->next, fresh,
                                                    memory_order_release, memory_order_acquire));
    return fresh;
}

static enum ffitap_status borrow(struct ffitap_library *library, const char *name,
                                 const void *caller, struct ffitap_function **out,
                                 struct ffitap_error *error)
{
    const uint32_t hash = hash_name(name);
    struct ffitap_function *function =
        find(atomic_load_explicit(&library->cache[hash % FFITAP__CACHE_SIZE], memory_order_acquire),
             hash, name);

    if (function) {
        if (ffitap__layout_agrees())
            ffitap__library_lookup_cached(library->path, library->handle, name, function->address,
                                          caller);
        *out = function;
        return FFITAP_OK;
    }
    const enum ffitap_status status = look_up(library, name, caller, &function, error);
    if (status != FFITAP_OK)
        return status;
    function->hash = hash;
    *out = keep(library, function);
    return FFITAP_OK;
}

/* "__" itself starts and ends with "__". */
static bool is_dunder(const char *name)
{
    const size_t length = strlen(name);

    return length >= 2 && memcmp(name, "__", 2) == 0 && memcmp(name + length - 2, "__", 2) == 0;
}

enum ffitap_status ffitap_function_borrow(struct ffitap_library *library, const char *name,
                                          struct ffitap_function **out, struct ffitap_error *error)
{
    if (!name)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "function name is NULL");
    if (is_dunder(name))
        return ffitap__fail(
            error, FFITAP_NOT_FOUND,
            "'%s' starts and ends with '__': only ffitap_function_create() looks it up", name);

    const int saved = errno;
    const enum ffitap_status status =
        borrow(library, name, __builtin_return_address(0), out, error);
    errno = saved;
    return status;
}

enum ffitap_status ffitap_function_create(struct ffitap_library *library, const char *name,
                                          struct ffitap_function **out, struct ffitap_error *error)
{
    if (!name)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "function name is NULL");

    const int saved = errno;
    const enum ffitap_status status =
        look_up(library, name, __builtin_return_address(0), out, error);
    if (status == FFITAP_OK)
        ffitap__library_retain(library);
    errno = saved;
    return status;
}

enum ffitap_status ffitap_function_create_at(void *address, const char *name,
                                             enum ffitap_library_kind kind, unsigned flags,
                                             struct ffitap_function **out,
                                             struct ffitap_error *error)
{
    char hexadecimal[24];
    enum ffitap_status status = ffitap__library_check(kind, flags, error);

    if (status != FFITAP_OK)
        return status;
    if (!address)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the address of a function is NULL");

    const int saved = errno;
    ffitap__core_start();
    if (ffitap__layout_agrees())
        ffitap__object_update((uintptr_t)address); /* somebody else may have loaded its object */
    snprintf(hexadecimal, sizeof(hexadecimal), "%p", address);
    status = make(name ? name : hexadecimal, address, kind, flags, out, error);
    if (status == FFITAP_OK && name && ffitap__layout_agrees())
        ffitap__function_announce(address, name);
    errno = saved;
    return status;
}

void ffitap_function_destroy(struct ffitap_function *function)
{
    const int saved = errno;

    if (function) {
        if (function->library)
            ffitap__library_release(function->library);
        ffitap__function_free(function);
    }
    errno = saved;
}
