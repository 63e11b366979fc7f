/* Which calling convention the functions of a library follow. */
#ifndef FFITAP_CORE_ABI_H
#define FFITAP_CORE_ABI_H

#include <ffi.h>
#include <stdbool.h>

#include <ffitap/library.h>
#include <ffitap/type.h>

/* FFITAP_BAD_ARGUMENT if `kind` is none, FFITAP_NOT_SUPPORTED if libffi lacks its convention. */
enum ffitap_status ffitap__abi_of(enum ffitap_library_kind kind, ffi_abi *abi,
                                  struct ffitap_error *error);

/* Whether `kind` is one of Microsoft's. */
static inline bool ffitap__abi_is_microsoft(enum ffitap_library_kind kind)
{
    return kind == FFITAP_WINDLL || kind == FFITAP_OLEDLL;
}

/*
 * Whether Microsoft's convention passes a value of `type` as the address of a copy, which the
 * caller makes: what has not the size of an integer.
 */
static inline bool ffitap__abi_passes_address(const struct ffitap_type *type)
{
    const size_t size = ffitap_type_get_size(type);

    return size > 8 || (size & (size - 1)) != 0;
}

#endif
