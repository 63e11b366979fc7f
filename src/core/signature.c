#include "core/signature.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <ffitap/function.h>

#include "core/fail.h"
#include "core/type.h"

/* Checks a type after "...". C's default promotions widen some types there, so values of those
 * types never arrive. */
static enum ffitap_status check_promoted(const struct ffitap_type *type, const char *what,
                                         struct ffitap_error *error)
{
    if (type->ffi == &ffi_type_float)
        return ffitap__fail(error, FFITAP_BAD_TYPE,
                            "%s comes after '...': a float is passed as a double there", what);
    if (type->shape == FFITAP__FUNDAMENTAL && type->size < sizeof(int))
        return ffitap__fail(error, FFITAP_BAD_TYPE,
                            "%s comes after '...': an integer this short is passed as an int there",
                            what);
    return FFITAP_OK;
}

enum ffitap_status ffitap__signature_check_argument(const struct ffitap_type *type, size_t index,
                                                    bool variadic, struct ffitap_error *error)
{
    char what[40];

    snprintf(what, sizeof(what), "argument %zu", index + 1);
    const enum ffitap_status status = ffitap__type_check_value(type, false, what, error);
    return status == FFITAP_OK && variadic ? check_promoted(type, what, error) : status;
}

static enum ffitap_status check_types(const struct ffitap_type *result,
                                      const struct ffitap_type *const *types, size_t fixed,
                                      size_t count, struct ffitap_error *error)
{
    enum ffitap_status status = FFITAP_OK;

    if (count > FFITAP_ARGUMENT_MAX)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "too many arguments (%zu), maximum is %d",
                            count, FFITAP_ARGUMENT_MAX);
    if (count && !types)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the types of the arguments are NULL");
    status = ffitap__type_check_value(result, true, "the result", error);
    for (size_t i = 0; i < count && status == FFITAP_OK; i++)
        status = ffitap__signature_check_argument(types[i], i, i >= fixed, error);
    return status;
}

/* One block: the structure, libffi's types, ours. */
static struct ffitap__signature *allocate(size_t count)
{
    struct ffitap__signature *signature = calloc(
        1, sizeof(*signature) + count * (sizeof(*signature->ffi) + sizeof(*signature->types)));

    if (signature)
        signature->types = (const struct ffitap_type **)(signature->ffi + count);
    return signature;
}

static void fill(struct ffitap__signature *signature, const struct ffitap_type *result,
                 const struct ffitap_type *const *types, size_t fixed, size_t count)
{
    signature->result = ffitap__type_retain(result);
    signature->fixed = fixed;
    signature->count = count;
    for (size_t i = 0; i < count; i++) {
        signature->types[i] = ffitap__type_retain(types[i]);
        signature->ffi[i] = types[i]->ffi;
    }
}

/*
 * Whether the arguments fit on a stack together. libffi counts the bytes of a call in 32 bits, and
 * would take too little stack for more. Each argument by itself is in range: see
 * ffitap__type_check_value().
 */
static bool fit_on_stack(ffi_type *const *types, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += types[i]->size;
    return size <= INT_MAX;
}

enum ffitap_status ffitap__signature_prepare(const char *what, ffi_abi abi, ffi_type *result,
                                             ffi_type **types, size_t fixed, size_t count,
                                             ffi_cif *cif, struct ffitap_error *error)
{
    const bool variadic = fixed != count;

    if (!fit_on_stack(types, count))
        return ffitap__fail(error, FFITAP_BAD_TYPE,
                            "the arguments of %s are too large to be passed together", what);
    const ffi_status answer =
        variadic ? ffi_prep_cif_var(cif, abi, (unsigned)fixed, (unsigned)count, result, types)
                 : ffi_prep_cif(cif, abi, (unsigned)count, result, types);

    if (answer != FFI_OK)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "%s failed for %s",
                            variadic ? "ffi_prep_cif_var" : "ffi_prep_cif", what);
    return FFITAP_OK;
}

enum ffitap_status ffitap__signature_create(const char *what, ffi_abi abi,
                                            const struct ffitap_type *result,
                                            const struct ffitap_type *const *types, size_t fixed,
                                            size_t count, struct ffitap__signature **out,
                                            struct ffitap_error *error)
{
    enum ffitap_status status = check_types(result, types, fixed, count, error);

    if (status != FFITAP_OK)
        return status;
    struct ffitap__signature *signature = allocate(count);
    if (!signature)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for the types of %s", what);
    fill(signature, result, types, fixed, count);
    status = ffitap__signature_prepare(what, abi, result->ffi, signature->ffi, fixed, count,
                                       &signature->cif, error);
    if (status != FFITAP_OK) {
        ffitap__signature_destroy(signature);
        return status;
    }
    *out = signature;
    return FFITAP_OK;
}

void ffitap__signature_destroy(struct ffitap__signature *signature)
{
    if (!signature)
        return;
    ffitap__type_release(signature->result);
    for (size_t i = 0; i < signature->count; i++)
        ffitap__type_release(signature->types[i]);
    free(signature);
}
