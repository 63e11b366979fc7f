#include "core/type.h"

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
    (void)type;
}

enum ffitap_status ffitap__type_check_value(const struct ffitap_type *type, bool is_result,
                                            const char *what, struct ffitap_error *error)
{
    if (!type)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the type of %s is NULL", what);
    if (!is_result && type->ffi == &ffi_type_void)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "%s cannot be void", what);
    return FFITAP_OK;
}

size_t ffitap_type_get_size(const struct ffitap_type *type)
{
    return type->size;
}
