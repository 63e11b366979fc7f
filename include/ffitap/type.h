/* The C types that foreign functions take and return. */
#ifndef FFITAP_TYPE_H
#define FFITAP_TYPE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ffitap/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A C type, as libffi passes it. Opaque; every thread may use it. */
struct ffitap_type;

/*
 * Every fundamental type but void: name, C type, libffi's ffi_type. Values of the enumeration are
 * part of the ABI: added at the end, never changed.
 */
#define FFITAP_TYPE_MAP(X)                                                                         \
    X(INT8, int8_t, ffi_type_sint8)                                                                \
    X(UINT8, uint8_t, ffi_type_uint8)                                                              \
    X(INT16, int16_t, ffi_type_sint16)                                                             \
    X(UINT16, uint16_t, ffi_type_uint16)                                                           \
    X(INT32, int32_t, ffi_type_sint32)                                                             \
    X(UINT32, uint32_t, ffi_type_uint32)                                                           \
    X(INT64, int64_t, ffi_type_sint64)                                                             \
    X(UINT64, uint64_t, ffi_type_uint64)                                                           \
    X(SHORT, short, ffi_type_sshort)                                                               \
    X(USHORT, unsigned short, ffi_type_ushort)                                                     \
    X(INT, int, ffi_type_sint)                                                                     \
    X(UINT, unsigned int, ffi_type_uint)                                                           \
    X(LONG, long, ffi_type_slong)                                                                  \
    X(ULONG, unsigned long, ffi_type_ulong)                                                        \
    X(LONGLONG, long long, ffi_type_sint64)                                                        \
    X(ULONGLONG, unsigned long long, ffi_type_uint64)                                              \
    X(SIZE, size_t, ffi_type_ulong)                                                                \
    X(SSIZE, ssize_t, ffi_type_slong)                                                              \
    X(FLOAT, float, ffi_type_float)                                                                \
    X(DOUBLE, double, ffi_type_double)                                                             \
    X(POINTER, void *, ffi_type_pointer)                                                           \
    X(STRING, char *, ffi_type_pointer)

enum ffitap_basic_type {
    FFITAP_TYPE_VOID = 0, /* no result; no argument has it */
#define X(name, c_type, ffi) FFITAP_TYPE_##name,
    FFITAP_TYPE_MAP(X)
#undef X
};

/* The fundamental type `basic`: ours, there until the process ends. NULL if there is none such. */
FFITAP_API const struct ffitap_type *ffitap_type_borrow(enum ffitap_basic_type basic);

/* How many bytes a value of `type` takes, as sizeof says; 0 for void. */
FFITAP_API size_t ffitap_type_get_size(const struct ffitap_type *type);

#ifdef __cplusplus
}
#endif

#endif
