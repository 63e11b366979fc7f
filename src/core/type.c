#include "core/type.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "core/fail.h"

static const struct ffitap_type basic_types[] = {
    [FFITAP_TYPE_VOID] = {.alignment = 1, .ffi = &ffi_type_void},
#define X(name, c_type, ffi_name)                                                                  \
    [FFITAP_TYPE_##name] = {.size = sizeof(c_type),                                                \
                            .alignment = _Alignof(c_type),                                         \
                            .ffi = &ffi_name,                                                      \
                            .basic = FFITAP_TYPE_##name},
    FFITAP_TYPE_MAP(X)
#undef X
};

const struct ffitap_type *ffitap_type_borrow(enum ffitap_basic_type basic)
{
    const size_t index = (size_t)basic;

    return index < sizeof(basic_types) / sizeof(*basic_types) ? &basic_types[index] : NULL;
}

const struct ffitap_type *ffitap__type_retain(const struct ffitap_type *type)
{
    if (type->shape != FFITAP__FUNDAMENTAL)
        atomic_fetch_add_explicit(&((struct ffitap_type *)type)->references, 1,
                                  memory_order_relaxed);
    return type;
}

void ffitap__type_release(const struct ffitap_type *type)
{
    struct ffitap_type *ours = (struct ffitap_type *)type;

    if (type->shape != FFITAP__FUNDAMENTAL &&
        atomic_fetch_sub_explicit(&ours->references, 1, memory_order_acq_rel) == 1)
        free(ours);
}

void ffitap_type_destroy(struct ffitap_type *type)
{
    const int saved = errno;

    if (type)
        ffitap__type_release(type);
    errno = saved;
}

enum ffitap_status ffitap__type_check_value(const struct ffitap_type *type, bool is_result,
                                            const char *what, struct ffitap_error *error)
{
    if (!type)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the type of %s is NULL", what);
    if (!is_result && type->ffi == &ffi_type_void)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "%s cannot be void", what);
    if (type->shape == FFITAP__ARRAY)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "%s cannot be an array: C %s a pointer", what,
                            is_result ? "returns" : "passes");
    /* libffi counts the bytes of a call in 32 bits and would take too little stack for more. */
    if (type->size > INT_MAX)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "%s is too large to be passed (%zu bytes)",
                            what, type->size);
    return FFITAP_OK;
}

size_t ffitap_type_get_size(const struct ffitap_type *type)
{
    return type->size;
}

size_t ffitap_type_get_alignment(const struct ffitap_type *type)
{
    return type->alignment;
}
