/* Composite types in one expression: each call becomes the owner of the types that it is given. */
#ifndef FFITAP_TESTS_CORE_TYPES_H
#define FFITAP_TESTS_CORE_TYPES_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ffi.h>

#include <ffitap/type.h>

#define T(name)     ((struct ffitap_type *)ffitap_type_borrow(FFITAP_TYPE_##name))
#define STRUCT(...) make_with_fields(ffitap_type_create_struct, FIELDS(__VA_ARGS__))
#define UNION(...)  make_with_fields(ffitap_type_create_union, FIELDS(__VA_ARGS__))
/* Each version of clang-format has another idea of such braces. */
/* clang-format off */
#define FIELDS(...) (const struct ffitap_field[]){__VA_ARGS__, {0}}
/* clang-format on */

typedef enum ffitap_status create_with_fields(const struct ffitap_field *fields, size_t count,
                                              struct ffitap_type **out, struct ffitap_error *error);

/* The fields end with one without a type. */
static inline struct ffitap_type *make_with_fields(create_with_fields *create,
                                                   const struct ffitap_field *fields)
{
    struct ffitap_type *type = NULL;
    size_t count = 0;

    while (fields[count].type)
        count++;
    cr_assert(eq(int, create(fields, count, &type, NULL), FFITAP_OK));
    for (size_t i = 0; i < count; i++)
        ffitap_type_destroy((struct ffitap_type *)fields[i].type);
    return type;
}

static inline struct ffitap_type *array(struct ffitap_type *element, size_t length)
{
    struct ffitap_type *type = NULL;

    cr_assert(eq(int, ffitap_type_create_array(element, length, &type, NULL), FFITAP_OK));
    ffitap_type_destroy(element);
    return type;
}

#endif
