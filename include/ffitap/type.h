/* The C types that foreign functions take and return: fundamental ones, and those made of them. */
#ifndef FFITAP_TYPE_H
#define FFITAP_TYPE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <wchar.h>

#include <ffitap/export.h>
#include <ffitap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A C type, as libffi passes it. Opaque and never changed after it was made: every thread may use
 * it. Whatever is made of a type or uses it (another type, a function, a callback) keeps it alive.
 * So a type can be destroyed as soon as the host no longer needs to name it.
 */
struct ffitap_type;

/*
 * Every fundamental type but void: name, C type, libffi's ffi_type. Values of the enumeration are
 * part of the ABI: added at the end, never changed.
 *
 * Two of them are checked when a function returns them, and fail the call (FFITAP_CALL_FAILED): an
 * HRESULT that is negative (ctypes: _check_HRESULT()), and a PYOBJECT, a PyObject *, that is NULL
 * (CPython 3.13.4: GetResult(); older ones crash).
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
    X(STRING, char *, ffi_type_pointer)                                                            \
    X(BOOL, _Bool, ffi_type_uint8)                                                                 \
    X(CHAR, char, ffi_type_schar)                                                                  \
    X(SCHAR, signed char, ffi_type_schar)                                                          \
    X(UCHAR, unsigned char, ffi_type_uchar)                                                        \
    X(WCHAR, wchar_t, ffi_type_sint32)                                                             \
    X(LONGDOUBLE, long double, ffi_type_longdouble)                                                \
    X(WSTRING, wchar_t *, ffi_type_pointer)                                                        \
    X(HRESULT, int32_t, ffi_type_sint32)                                                           \
    X(PYOBJECT, void *, ffi_type_pointer)

enum ffitap_basic_type {
    FFITAP_TYPE_VOID = 0, /* no result; no argument has it */
#define X(name, c_type, ffi) FFITAP_TYPE_##name,
    FFITAP_TYPE_MAP(X)
#undef X
};

/*
 * The fundamental type `basic`: ours, there until the process ends. NULL if there is no such type.
 */
FFITAP_API const struct ffitap_type *ffitap_type_borrow(enum ffitap_basic_type basic);

/* A member of a structure or union. */
struct ffitap_field {
    const char *name;               /* only for ffitap_type_find_field(); NULL if it has none */
    const struct ffitap_type *type; /* anything but void */
};

/*
 * Creates a structure, or a union, of `count` fields in their order, laid out as the platform's C
 * compiler does. Copies the names. The caller owns the type and releases it with
 * ffitap_type_destroy().
 *
 * FFITAP_BAD_TYPE without fields (ctypes: "ffi_prep_cif failed" at the call), with a field of type
 * void, and if the whole would be too large to have a size (PTRDIFF_MAX, as in GCC);
 * FFITAP_BAD_ARGUMENT for a field whose type is NULL. On failure `*out` is left untouched.
 *
 * libffi knows no unions and passes some nested structures wrongly. So each structure or union is
 * described to libffi as a flat structure that travels in the same registers, or in memory.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_type_create_struct(const struct ffitap_field *fields, size_t count, struct ffitap_type **out,
                          struct ffitap_error *error);
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_type_create_union(const struct ffitap_field *fields, size_t count, struct ffitap_type **out,
                         struct ffitap_error *error);

/*
 * Creates an array of `length` elements, at least one, as the type of a field. No function takes or
 * returns an array (C passes a pointer): giving a function such a type fails with FFITAP_BAD_TYPE.
 * Otherwise as ffitap_type_create_struct().
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_type_create_array(const struct ffitap_type *element, size_t length, struct ffitap_type **out,
                         struct ffitap_error *error);

/* Releases a type that one of the three functions above has made. NULL and fundamental types are
 * allowed and have no effect. */
FFITAP_API void ffitap_type_destroy(struct ffitap_type *type);

/* How many bytes a value of `type` takes, as sizeof says; 0 for void. */
FFITAP_API size_t ffitap_type_get_size(const struct ffitap_type *type);

/* On which boundary a value of `type` lies, as _Alignof says; 1 for void. */
FFITAP_API size_t ffitap_type_get_alignment(const struct ffitap_type *type);

/* How many fields a structure or union has; 0 for any other type. */
FFITAP_API size_t ffitap_type_get_field_count(const struct ffitap_type *type);

/* At which byte the field `index`, from 0, begins, as offsetof says; SIZE_MAX if there is none. */
FFITAP_API size_t ffitap_type_get_field_offset(const struct ffitap_type *type, size_t index);

/* The index of the first field that is called `name`; SIZE_MAX if there is none. */
FFITAP_API size_t ffitap_type_find_field(const struct ffitap_type *type, const char *name);

#ifdef __cplusplus
}
#endif

#endif
