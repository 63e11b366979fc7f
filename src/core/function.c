#include "core/function.h"

#include <errno.h>
#include <stdlib.h>

#include "core/abi.h"
#include "core/fail.h"
#include "core/type.h"

void ffitap__function_free(struct ffitap_function *function)
{
    ffitap__signature_destroy(function->signature);
    free(function);
}

void ffitap__function_free_chain(struct ffitap_function *function)
{
    while (function) {
        struct ffitap_function *next = function->next;

        ffitap__function_free(function);
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

const struct ffitap_type *ffitap__function_first_result(const struct ffitap_function *function)
{
    return ffitap_type_borrow(function->kind == FFITAP_OLEDLL ? FFITAP_TYPE_HRESULT
                                                              : FFITAP_TYPE_INT);
}

/* Whether the result is checked as an HRESULT. As in ctypes, the result of an OleDLL's function is,
 * even if it was given another type since that is an integer of 4 bytes. */
static bool is_hresult(const struct ffitap_function *function, const struct ffitap_type *result)
{
    if (result->shape != FFITAP__FUNDAMENTAL)
        return false;
    return result->basic == FFITAP_TYPE_HRESULT ||
           (function->kind == FFITAP_OLEDLL &&
            (result->ffi == &ffi_type_sint32 || result->ffi == &ffi_type_uint32));
}

static unsigned traits_of_result(const struct ffitap_function *function,
                                 const struct ffitap_type *result)
{
    if (is_hresult(function, result))
        return FFITAP__RETURNS_HRESULT;
    if (result->shape == FFITAP__FUNDAMENTAL && result->basic == FFITAP_TYPE_PYOBJECT)
        return FFITAP__RETURNS_OBJECT;
    return 0;
}

static unsigned traits_of_arguments(const struct ffitap_function *function,
                                    const struct ffitap__signature *signature)
{
    const bool microsoft = ffitap__abi_is_microsoft(function->kind);

    for (size_t i = 0; i < signature->count; i++)
        if (ffitap__abi_replaces_value(signature->types[i]) ||
            (microsoft && ffitap__abi_passes_address(signature->types[i])))
            return FFITAP__TAKES_COPIES;
    return 0;
}

static void take_signature(struct ffitap_function *function, struct ffitap__signature *signature)
{
    ffitap__signature_destroy(function->signature);
    function->signature = signature;
    function->traits &= FFITAP__TRAITS_FOR_LIFE | FFITAP__HAS_ERRCHECK;
    function->traits |= traits_of_result(function, signature->result);
    function->traits |= traits_of_arguments(function, signature);
}

enum ffitap_status ffitap__function_set_types(struct ffitap_function *function,
                                              const struct ffitap_type *result,
                                              const struct ffitap_type *const *types, size_t fixed,
                                              size_t count, bool declared,
                                              struct ffitap_error *error)
{
    const int saved = errno;
    struct ffitap__signature *signature = NULL;
    const enum ffitap_status status = ffitap__signature_create(
        function->name, function->abi, result, types, fixed, count, &signature, error);

    if (status == FFITAP_OK) {
        take_signature(function, signature);
        function->declared = declared;
    }
    errno = saved;
    return status;
}

enum ffitap_status ffitap_function_set_result(struct ffitap_function *function,
                                              const struct ffitap_type *type,
                                              struct ffitap_error *error)
{
    const struct ffitap__signature *former = function->signature;

    return ffitap__function_set_types(
        function, type ? type : ffitap__function_first_result(function), former->types,
        former->fixed, former->count, function->declared, error);
}

enum ffitap_status ffitap_function_set_arguments(struct ffitap_function *function,
                                                 const struct ffitap_type *const *types,
                                                 size_t count, struct ffitap_error *error)
{
    return ffitap__function_set_types(function, function->signature->result, types, count, count,
                                      true, error);
}

enum ffitap_status ffitap_function_set_variadic(struct ffitap_function *function,
                                                const struct ffitap_type *const *types,
                                                size_t fixed, size_t count,
                                                struct ffitap_error *error)
{
    if (fixed == 0 || fixed > count)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT,
                            "%zu of %zu arguments cannot be before '...'", fixed, count);
    if (ffitap__abi_is_microsoft(function->kind))
        return ffitap__fail(error, FFITAP_NOT_SUPPORTED,
                            "'%s' is of a library that has no variadic functions", function->name);
    return ffitap__function_set_types(function, function->signature->result, types, fixed, count,
                                      true, error);
}

enum ffitap_status ffitap_function_clear_arguments(struct ffitap_function *function,
                                                   struct ffitap_error *error)
{
    return ffitap__function_set_types(function, function->signature->result, NULL, 0, 0, false,
                                      error);
}

const struct ffitap_type *ffitap_function_borrow_result(const struct ffitap_function *function)
{
    return function->signature->result;
}

const struct ffitap_type *const *
ffitap_function_borrow_arguments(const struct ffitap_function *function)
{
    return function->signature->types;
}

size_t ffitap_function_get_count(const struct ffitap_function *function)
{
    return function->signature->count;
}

void ffitap_function_set_errcheck(struct ffitap_function *function, ffitap_errcheck *errcheck,
                                  void *data)
{
    function->errcheck = errcheck;
    function->errcheck_data = data;
    if (errcheck)
        function->traits |= FFITAP__HAS_ERRCHECK;
    else
        function->traits &= ~(unsigned)FFITAP__HAS_ERRCHECK;
}
