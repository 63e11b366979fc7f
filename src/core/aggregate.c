/* Structures, unions and arrays: how the compiler lays them out, and what libffi is told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/fail.h"
#include "core/type.h"

/* No larger value travels in registers (System V ABI, AMD64, 3.2.3: two eightbytes). */
#define LARGEST_IN_REGISTERS 16

struct member {
    size_t offset;
    const char *name; /* NULL if it has none */
};

/* A type and its members: one block of memory, with the members' names at its end. */
struct aggregate {
    struct ffitap_type type; /* first: release frees it by this address */
    ffi_type ffi;
    ffi_type *units[LARGEST_IN_REGISTERS + 1]; /* ffi's elements, up to a NULL */
    size_t count;
    struct member members[];
};

/*
 * The elements of structures that have to be passed in memory, whatever their size: libffi passes a
 * structure in memory if it has an element of more than 32 bytes. For the size of the whole it goes
 * by the size that is preset, and it reads the elements only to choose registers.
 */
static ffi_type *nothing_but_bytes[] = {&ffi_type_uint8, NULL};
static ffi_type large = {64, 1, FFI_TYPE_STRUCT, nothing_but_bytes};
static ffi_type *in_memory[] = {&large, NULL};

static struct ffitap__type_bytes bytes_of(const struct ffitap_type *type)
{
    if (type->shape != FFITAP__FUNDAMENTAL)
        return type->bytes;

    const uint16_t all = (uint16_t)((1u << type->size) - 1);
    switch (type->ffi->type) {
    case FFI_TYPE_FLOAT:
    case FFI_TYPE_DOUBLE:
        return (struct ffitap__type_bytes){.floating = all};
    case FFI_TYPE_LONGDOUBLE:
        return (struct ffitap__type_bytes){.long_double = all};
    default:
        return (struct ffitap__type_bytes){.integer = all};
    }
}

/* Notes in `whole` which bytes a part of type `type` has at `offset`. */
static void add_bytes(struct ffitap_type *whole, const struct ffitap_type *type, size_t offset)
{
    const struct ffitap__type_bytes part = bytes_of(type);

    whole->is_in_memory |= type->is_in_memory;
    if (offset >= LARGEST_IN_REGISTERS)
        return;
    whole->bytes.integer |= (uint16_t)(part.integer << offset);
    whole->bytes.floating |= (uint16_t)(part.floating << offset);
    whole->bytes.long_double |= (uint16_t)(part.long_double << offset);
}

/* The element that stands for the bytes of `mask`, as many as the type's alignment. */
static ffi_type *unit_of(const struct ffitap_type *type, unsigned mask)
{
    const bool integer = type->bytes.integer & mask;

    switch (type->alignment) {
    case 1:
        return &ffi_type_uint8;
    case 2:
        return &ffi_type_uint16;
    case 4:
        return integer ? &ffi_type_uint32 : &ffi_type_float;
    default:
        return integer ? &ffi_type_uint64 : &ffi_type_double;
    }
}

/* Describes the type to libffi as a flat row of units, which go into the same classes of registers
 * as the members of the type. */
static void describe_units(struct aggregate *aggregate)
{
    const struct ffitap_type *type = &aggregate->type;
    const size_t width = type->alignment < 8 ? type->alignment : 8;

    for (size_t i = 0; i * width < type->size; i++)
        aggregate->units[i] = unit_of(type, ((1u << width) - 1) << (i * width));
}

/* The classes of the ABI (3.2.3), for the cases that can occur here. A long double beside other
 * members puts the whole into memory, unless those members make both halves integers. */
static bool belongs_in_memory(const struct ffitap_type *type)
{
    const struct ffitap__type_bytes *bytes = &type->bytes;
    const bool mixed = bytes->long_double && (bytes->integer || bytes->floating);
    const bool integers = (bytes->integer & 0x00ff) && (bytes->integer & 0xff00);

    return type->size > LARGEST_IN_REGISTERS || (mixed && !integers);
}

/*
 * Tells libffi how values of the type travel. libffi is not told of nested types: it knows no
 * unions and no arrays, and misplaces a nested structure that begins in the middle of eight bytes.
 * libffi cannot be told either that a function returns a structure that holds one long double: such
 * a structure travels as the long double does, and so it is described as one.
 */
static void describe(struct aggregate *aggregate)
{
    struct ffitap_type *type = &aggregate->type;

    type->ffi = &aggregate->ffi;
    type->is_in_memory |= belongs_in_memory(type);
    aggregate->ffi.size = type->size;
    aggregate->ffi.alignment = (unsigned short)type->alignment;
    aggregate->ffi.type = FFI_TYPE_STRUCT;
    aggregate->ffi.elements = aggregate->units;
    if (type->is_in_memory)
        aggregate->ffi.elements = in_memory;
    else if (!type->bytes.integer && !type->bytes.floating)
        type->ffi = &ffi_type_longdouble;
    else
        describe_units(aggregate);
}

static size_t round_up(size_t size, size_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

/* No type is larger than PTRDIFF_MAX, as in the compiler: sums of two sizes do not overflow. */
static enum ffitap_status check_size(size_t size, struct ffitap_error *error)
{
    if (size > PTRDIFF_MAX)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "the type is too large");
    return FFITAP_OK;
}

/* Puts `field` behind those before it, or, in a union, where they are. */
static enum ffitap_status lay_out_field(struct ffitap_type *whole, struct member *member,
                                        const struct ffitap_field *field,
                                        struct ffitap_error *error)
{
    const struct ffitap_type *type = field->type;
    const size_t end = whole->shape == FFITAP__UNION ? 0 : whole->size;

    member->offset = round_up(end, type->alignment);
    add_bytes(whole, type, member->offset);
    if (whole->alignment < type->alignment)
        whole->alignment = type->alignment;
    if (whole->size < member->offset + type->size)
        whole->size = member->offset + type->size;
    return check_size(whole->size, error);
}

static enum ffitap_status lay_out(struct aggregate *aggregate, const struct ffitap_field *fields,
                                  struct ffitap_error *error)
{
    struct ffitap_type *type = &aggregate->type;
    enum ffitap_status status = FFITAP_OK;

    for (size_t i = 0; i < aggregate->count && status == FFITAP_OK; i++)
        status = lay_out_field(type, &aggregate->members[i], &fields[i], error);
    type->size = round_up(type->size, type->alignment);
    return status == FFITAP_OK ? check_size(type->size, error) : status;
}

static enum ffitap_status check_fields(const struct ffitap_field *fields, size_t count,
                                       struct ffitap_error *error)
{
    if (!count)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "a structure or union has no fields");
    if (!fields)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the fields are NULL");
    for (size_t i = 0; i < count; i++) {
        if (!fields[i].type)
            return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the type of field %zu is NULL", i + 1);
        if (fields[i].type->ffi == &ffi_type_void)
            return ffitap__fail(error, FFITAP_BAD_TYPE, "field %zu cannot be void", i + 1);
    }
    return FFITAP_OK;
}

static size_t size_of_names(const struct ffitap_field *fields, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += fields[i].name ? strlen(fields[i].name) + 1 : 0;
    return size;
}

static struct aggregate *allocate(enum ffitap__type_shape shape, size_t count, size_t names,
                                  struct ffitap_error *error)
{
    const int saved = errno;
    struct aggregate *aggregate =
        calloc(1, sizeof(*aggregate) + count * sizeof(*aggregate->members) + names);

    errno = saved;
    if (!aggregate) {
        ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for a type of %zu fields", count);
        return NULL;
    }
    aggregate->type.shape = shape;
    aggregate->type.alignment = 1;
    aggregate->type.references = 1;
    aggregate->count = count;
    return aggregate;
}

static void copy_names(struct aggregate *aggregate, const struct ffitap_field *fields)
{
    char *end = (char *)(aggregate->members + aggregate->count);

    for (size_t i = 0; i < aggregate->count; i++) {
        if (!fields[i].name)
            continue;
        aggregate->members[i].name = end;
        end = stpcpy(end, fields[i].name) + 1;
    }
}

static enum ffitap_status create(enum ffitap__type_shape shape, const struct ffitap_field *fields,
                                 size_t count, struct ffitap_type **out, struct ffitap_error *error)
{
    enum ffitap_status status = check_fields(fields, count, error);

    if (status != FFITAP_OK)
        return status;
    struct aggregate *aggregate = allocate(shape, count, size_of_names(fields, count), error);
    if (!aggregate)
        return FFITAP_NO_MEMORY;
    status = lay_out(aggregate, fields, error);
    if (status != FFITAP_OK) {
        free(aggregate);
        return status;
    }
    copy_names(aggregate, fields);
    describe(aggregate);
    *out = &aggregate->type;
    return FFITAP_OK;
}

enum ffitap_status ffitap_type_create_struct(const struct ffitap_field *fields, size_t count,
                                             struct ffitap_type **out, struct ffitap_error *error)
{
    return create(FFITAP__STRUCT, fields, count, out, error);
}

enum ffitap_status ffitap_type_create_union(const struct ffitap_field *fields, size_t count,
                                            struct ffitap_type **out, struct ffitap_error *error)
{
    return create(FFITAP__UNION, fields, count, out, error);
}

static enum ffitap_status check_elements(const struct ffitap_type *element, size_t length,
                                         struct ffitap_error *error)
{
    if (!element)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the type of the elements is NULL");
    if (element->ffi == &ffi_type_void)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "the elements cannot be void");
    if (!length)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "an array has no elements");
    if (length > PTRDIFF_MAX / element->size)
        return ffitap__fail(error, FFITAP_BAD_TYPE, "the type is too large");
    return FFITAP_OK;
}

enum ffitap_status ffitap_type_create_array(const struct ffitap_type *element, size_t length,
                                            struct ffitap_type **out, struct ffitap_error *error)
{
    const enum ffitap_status status = check_elements(element, length, error);

    if (status != FFITAP_OK)
        return status;
    struct aggregate *aggregate = allocate(FFITAP__ARRAY, 0, 0, error);
    if (!aggregate)
        return FFITAP_NO_MEMORY;
    aggregate->type.size = element->size * length;
    aggregate->type.alignment = element->alignment;
    for (size_t i = 0; i < length && i < LARGEST_IN_REGISTERS; i++)
        add_bytes(&aggregate->type, element, i * element->size);
    describe(aggregate);
    *out = &aggregate->type;
    return FFITAP_OK;
}

/* The structure or union that `type` is; NULL if it is neither, and so has no fields. */
static const struct aggregate *with_fields(const struct ffitap_type *type)
{
    const bool has = type->shape == FFITAP__STRUCT || type->shape == FFITAP__UNION;

    return has ? (const struct aggregate *)type : NULL;
}

size_t ffitap_type_get_field_count(const struct ffitap_type *type)
{
    const struct aggregate *aggregate = with_fields(type);

    return aggregate ? aggregate->count : 0;
}

size_t ffitap_type_get_field_offset(const struct ffitap_type *type, size_t index)
{
    return index < ffitap_type_get_field_count(type) ? with_fields(type)->members[index].offset
                                                     : SIZE_MAX;
}

size_t ffitap_type_find_field(const struct ffitap_type *type, const char *name)
{
    const size_t count = ffitap_type_get_field_count(type);

    for (size_t i = 0; i < count; i++) {
        const char *candidate = with_fields(type)->members[i].name;

        if (candidate && name && strcmp(candidate, name) == 0)
            return i;
    }
    return SIZE_MAX;
}
