#include "core/function.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/fail.h"
#include "core/library.h"
#include "core/lookup.h"
#include "core/type.h"
#include "tap/library.h"

static enum ffitap_status prepare(struct ffitap_function *function,
                                  const struct ffitap_type *result, ffi_type **arguments,
                                  size_t count, struct ffitap_error *error)
{
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, (unsigned)count, result->ffi, arguments) != FFI_OK)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "ffi_prep_cif failed for '%s'", function->name);
    function->cif = cif;
    function->result = result;
    function->arguments = arguments;
    function->argument_count = count;
    return FFITAP_OK;
}

static void free_one(struct ffitap_function *function)
{
    free(function->arguments);
    free(function);
}

/* Looks `name` up and makes a function of it that no library owns yet. */
static enum ffitap_status look_up(struct ffitap_library *library, const char *name,
                                  const void *caller, struct ffitap_function **out,
                                  struct ffitap_error *error)
{
    const size_t size = strlen(name) + 1;
    void *address = NULL;
    enum ffitap_status status = ffitap__lookup(library, name, caller, &address, error);

    if (status != FFITAP_OK)
        return status;
    struct ffitap_function *function = calloc(1, sizeof(*function) + size);
    if (!function)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for function '%s'", name);
    memcpy(function->name, name, size);
    function->library = library;
    function->address = address;
    status = prepare(function, ffitap_type_borrow(FFITAP_TYPE_INT), NULL, 0, error);
    if (status != FFITAP_OK) {
        free_one(function);
        return status;
    }
    *out = function;
    return FFITAP_OK;
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

/* Puts `fresh` into the cache unless another thread was first: then that one stands. */
static struct ffitap_function *keep(struct ffitap_library *library, struct ffitap_function *fresh)
{
    struct ffitap_function *_Atomic *bucket = &library->cache[fresh->hash % FFITAP__CACHE_SIZE];

    fresh->next = atomic_load_explicit(bucket, memory_order_acquire);
    do {
        struct ffitap_function *earlier = find(fresh->next, fresh->hash, fresh->name);

        if (earlier) {
            free_one(fresh);
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

/* "__" itself starts and ends so. */
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
        return ffitap__fail(error, FFITAP_NOT_FOUND, "'%s' is not looked up: create it", name);

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

void ffitap_function_destroy(struct ffitap_function *function)
{
    const int saved = errno;

    if (function) {
        ffitap__library_release(function->library);
        free_one(function);
    }
    errno = saved;
}

void ffitap__function_free_chain(struct ffitap_function *function)
{
    while (function) {
        struct ffitap_function *next = function->next;

        free_one(function);
        function = next;
    }
}

const char *ffitap_function_borrow_name(const struct ffitap_function *function)
{
    return function->name;
}

void *ffitap_function_get_address(const struct ffitap_function *function)
{
    return function->address;
}

enum ffitap_status ffitap_function_set_result(struct ffitap_function *function,
                                              const struct ffitap_type *type,
                                              struct ffitap_error *error)
{
    if (!type)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "result type is NULL");
    return prepare(function, type, function->arguments, function->argument_count, error);
}

static enum ffitap_status copy_types(const struct ffitap_type *const *types, size_t count,
                                     ffi_type **copies, struct ffitap_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (!types[i])
            return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "argument type %zu is NULL", i + 1);
        if (types[i]->ffi == &ffi_type_void)
            return ffitap__fail(error, FFITAP_BAD_TYPE, "argument %zu cannot be void", i + 1);
        copies[i] = types[i]->ffi;
    }
    return FFITAP_OK;
}

enum ffitap_status ffitap_function_set_arguments(struct ffitap_function *function,
                                                 const struct ffitap_type *const *types,
                                                 size_t count, struct ffitap_error *error)
{
    if (count > FFITAP_ARGUMENT_MAX)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "too many arguments (%zu), maximum is %d",
                            count, FFITAP_ARGUMENT_MAX);

    const int saved = errno;
    ffi_type **former = function->arguments;
    ffi_type **fresh = count ? calloc(count, sizeof(*fresh)) : NULL;
    enum ffitap_status status = FFITAP_OK;

    if (count && !fresh) {
        status = ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for %zu types", count);
        goto out;
    }
    status = copy_types(types, count, fresh, error);
    if (status != FFITAP_OK)
        goto out;
    status = prepare(function, function->result, fresh, count, error);
    if (status == FFITAP_OK)
        fresh = former;
out:
    free(fresh);
    errno = saved;
    return status;
}
