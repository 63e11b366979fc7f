#include "core/type.h"

static const struct ffitap_type basic_types[] = {[FFITAP_TYPE_VOID] = {0, &ffi_type_void},
#define X(name, c_type, ffi_name) [FFITAP_TYPE_##name] = {sizeof(c_type), &ffi_name},
                                                 FFITAP_TYPE_MAP(X)
#undef X
};

const struct ffitap_type *ffitap_type_borrow(enum ffitap_basic_type basic)
{
    const size_t index = (size_t)basic;

    return index < sizeof(basic_types) / sizeof(*basic_types) ? &basic_types[index] : NULL;
}

size_t ffitap_type_get_size(const struct ffitap_type *type)
{
    return type->size;
}
