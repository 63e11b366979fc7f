/* Which calling convention the functions of a library follow. */
#ifndef FFITAP_CORE_ABI_H
#define FFITAP_CORE_ABI_H

#include <ffi.h>
#include <stdbool.h>

#include <ffitap/library.h>

#include "core/type.h"

/* Finds the calling convention of libraries of `kind`. FFITAP_BAD_ARGUMENT if there is no such
 * kind, FFITAP_NOT_SUPPORTED if libffi lacks its convention. */
enum ffitap_status ffitap__abi_of(enum ffitap_library_kind kind, ffi_abi *abi,
                                  struct ffitap_error *error);

/* Whether `kind` is one of Microsoft's. */
static inline bool ffitap__abi_is_microsoft(enum ffitap_library_kind kind)
{
    return kind == FFITAP_WINDLL || kind == FFITAP_OLEDLL;
}

/* Whether Microsoft's convention passes a value of `type` as the address of a copy, which the
 * caller makes. It does so for values whose size is not that of an integer. */
static inline bool ffitap__abi_passes_address(const struct ffitap_type *type)
{
    return type->size > 8 || (type->size & (type->size - 1)) != 0;
}

/* Whether libffi makes a copy of a value of `type`. It then puts the address of the copy into the
 * array of values, so that array must not be the caller's. */
static inline bool ffitap__abi_replaces_value(const struct ffitap_type *type)
{
    return type->ffi->type == FFI_TYPE_STRUCT && type->size > 8;
}

#endif
