#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "aggregates.h"
#include "core/type.h"
#include "invoke.h"
#include "types.h"

#define X(name, c_type, ffi_name)                                                                  \
    Test(core_type, name##_is_as_large_as_in_the_compiler)                                         \
    {                                                                                              \
        cr_expect(eq(sz, ffitap_type_get_size(T(name)), sizeof(c_type)));                          \
        cr_expect(eq(sz, ffitap_type_get_alignment(T(name)), _Alignof(c_type)));                   \
        cr_expect(eq(sz, ffitap_type_get_size(T(name)), ffi_name.size));                           \
        cr_expect(eq(ptr, T(name)->ffi, &ffi_name));                                               \
    }
FFITAP_TYPE_MAP(X)
#undef X

Test(core_type, void_has_no_size)
{
    cr_expect(eq(sz, ffitap_type_get_size(T(VOID)), 0));
    cr_expect(eq(sz, ffitap_type_get_alignment(T(VOID)), 1));
}

Test(core_type, a_number_that_is_none_has_no_type)
{
    cr_expect(eq(ptr, (void *)ffitap_type_borrow(FFITAP_TYPE_PYOBJECT + 1), NULL));
    cr_expect(eq(ptr, (void *)ffitap_type_borrow(-1), NULL));
}

Test(core_type, fundamental_types_are_not_destroyed)
{
    ffitap_type_destroy(T(INT));
    ffitap_type_destroy(NULL);
    cr_expect(eq(sz, ffitap_type_get_size(T(INT)), sizeof(int)));
}

struct sample {
    int8_t a;
    struct inner b[3];
    int16_t c;
    union {
        int8_t a;
        double b;
    } d;
    long double e;
    int8_t f;
};

static struct ffitap_type *describe_sample(void)
{
    return STRUCT({"a", T(INT8)}, {"b", array(STRUCT({"a", T(INT32)}, {"b", T(FLOAT)}), 3)},
                  {"c", T(INT16)}, {"d", UNION({"a", T(INT8)}, {"b", T(DOUBLE)})},
                  {"e", T(LONGDOUBLE)}, {NULL, T(INT8)});
}

Test(core_type, fields_begin_where_the_compiler_puts_them)
{
    struct ffitap_type *type = describe_sample();

    cr_expect(eq(sz, ffitap_type_get_size(type), sizeof(struct sample)));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 0), offsetof(struct sample, a)));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 1), offsetof(struct sample, b)));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 2), offsetof(struct sample, c)));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 3), offsetof(struct sample, d)));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 4), offsetof(struct sample, e)));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 5), offsetof(struct sample, f)));
    ffitap_type_destroy(type);
}

Test(core_type, fields_of_a_union_begin_together)
{
    struct ffitap_type *type = UNION({"a", T(INT8)}, {"b", T(DOUBLE)});

    cr_expect(eq(sz, ffitap_type_get_field_count(type), 2));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 1), 0));
    ffitap_type_destroy(type);
}

Test(core_type, fields_are_counted)
{
    struct ffitap_type *type = describe_sample();

    cr_expect(eq(sz, ffitap_type_get_field_count(type), 6));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 6), SIZE_MAX));
    ffitap_type_destroy(type);
}

Test(core_type, what_is_no_structure_has_no_fields)
{
    struct ffitap_type *type = array(T(INT), 3);

    cr_expect(eq(sz, ffitap_type_get_field_count(type), 0));
    cr_expect(eq(sz, ffitap_type_get_field_offset(type, 0), SIZE_MAX));
    cr_expect(eq(sz, ffitap_type_find_field(type, "a"), SIZE_MAX));
    cr_expect(eq(sz, ffitap_type_get_field_count(T(INT)), 0));
    ffitap_type_destroy(type);
}

Test(core_type, fields_are_found_by_name)
{
    struct ffitap_type *type = describe_sample();

    cr_expect(eq(sz, ffitap_type_find_field(type, "a"), 0));
    cr_expect(eq(sz, ffitap_type_find_field(type, "e"), 4));
    cr_expect(eq(sz, ffitap_type_find_field(type, "f"), SIZE_MAX));
    cr_expect(eq(sz, ffitap_type_find_field(type, NULL), SIZE_MAX));
    ffitap_type_destroy(type);
}

Test(core_type, the_first_of_two_fields_with_one_name_is_found)
{
    struct ffitap_type *type = STRUCT({"a", T(INT)}, {"b", T(INT)}, {"b", T(INT)});

    cr_expect(eq(sz, ffitap_type_find_field(type, "b"), 1));
    ffitap_type_destroy(type);
}

Test(core_type, names_are_copied)
{
    char name[] = "before";
    struct ffitap_type *type = STRUCT({name, T(INT)});

    memcpy(name, "change", sizeof(name));
    cr_expect(eq(sz, ffitap_type_find_field(type, "before"), 0));
    ffitap_type_destroy(type);
}

Test(core_type, a_structure_without_fields_is_refused)
{
    struct ffitap_type *type = (void *)&type;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_type_create_struct(NULL, 0, &type, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "a structure or union has no fields"));
    cr_expect(eq(int, ffitap_type_create_union(NULL, 0, &type, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(ptr, type, &type));
}

Test(core_type, a_void_field_is_refused)
{
    const struct ffitap_field fields[] = {{"a", T(INT)}, {"b", T(VOID)}};
    struct ffitap_type *type = NULL;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_type_create_struct(fields, 2, &type, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "field 2 cannot be void"));
}

Test(core_type, a_field_without_a_type_is_refused)
{
    const struct ffitap_field fields[] = {{"a", NULL}};
    struct ffitap_type *type = NULL;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_type_create_union(fields, 1, &type, &error), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "the type of field 1 is NULL"));
}

Test(core_type, no_fields_where_some_are_promised_is_refused)
{
    struct ffitap_type *type = NULL;

    cr_expect(eq(int, ffitap_type_create_struct(NULL, 1, &type, NULL), FFITAP_BAD_ARGUMENT));
}

Test(core_type, an_array_of_nothing_is_refused)
{
    struct ffitap_type *type = NULL;

    cr_expect(eq(int, ffitap_type_create_array(T(INT), 0, &type, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(int, ffitap_type_create_array(T(VOID), 1, &type, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(int, ffitap_type_create_array(NULL, 1, &type, NULL), FFITAP_BAD_ARGUMENT));
}

Test(core_type, an_array_may_be_as_large_as_memory)
{
    struct ffitap_type *type = array(T(INT8), PTRDIFF_MAX);

    cr_expect(eq(sz, ffitap_type_get_size(type), PTRDIFF_MAX));
    ffitap_type_destroy(type);
}

Test(core_type, an_array_that_has_no_size_is_refused)
{
    struct ffitap_type *type = NULL;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_type_create_array(T(INT8), SIZE_MAX, &type, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "the type is too large"));
    cr_expect(
        eq(int, ffitap_type_create_array(T(INT16), PTRDIFF_MAX, &type, NULL), FFITAP_BAD_TYPE));
}

Test(core_type, a_structure_that_has_no_size_is_refused)
{
    struct ffitap_type *half = array(T(INT8), PTRDIFF_MAX);
    const struct ffitap_field fields[] = {{"a", half}, {"b", T(LONGDOUBLE)}, {"c", half}};
    struct ffitap_type *type = NULL;

    cr_expect(eq(int, ffitap_type_create_struct(fields, 2, &type, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(int, ffitap_type_create_struct(fields, 3, &type, NULL), FFITAP_BAD_TYPE));
    ffitap_type_destroy(half);
}

Test(core_type, padding_can_make_a_structure_too_large)
{
    struct ffitap_type *half = array(T(INT8), PTRDIFF_MAX);
    const struct ffitap_field fields[] = {{"a", half}, {"b", T(INT16)}};
    struct ffitap_type *type = NULL;

    cr_expect(eq(int, ffitap_type_create_union(fields, 2, &type, NULL), FFITAP_BAD_TYPE));
    ffitap_type_destroy(half);
}

Test(core_type, an_array_is_neither_passed_nor_returned)
{
    struct ffitap_type *type = array(T(INT), 3);
    struct ffitap_error argument = {0}, result = {0};

    cr_expect(
        eq(int, ffitap__type_check_value(type, false, "argument 3", &argument), FFITAP_BAD_TYPE));
    cr_expect(eq(str, argument.text, "argument 3 cannot be an array: C passes a pointer"));
    cr_expect(
        eq(int, ffitap__type_check_value(type, true, "the result", &result), FFITAP_BAD_TYPE));
    cr_expect(eq(str, result.text, "the result cannot be an array: C returns a pointer"));
    ffitap_type_destroy(type);
}

Test(core_type, void_is_only_returned)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap__type_check_value(T(VOID), true, "the result", NULL), FFITAP_OK));
    cr_expect(
        eq(int, ffitap__type_check_value(T(VOID), false, "argument 1", &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "argument 1 cannot be void"));
}

Test(core_type, what_no_stack_has_room_for_is_not_passed)
{
    struct ffitap_type *type = STRUCT({NULL, array(T(INT8), (size_t)1 << 31)});
    struct ffitap_error error = {0};

    cr_expect(
        eq(int, ffitap__type_check_value(type, false, "argument 1", &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "argument 1 is too large to be passed (2147483648 bytes)"));
    ffitap_type_destroy(type);
}

Test(core_type, it_outlives_those_it_was_made_of)
{
    struct ffitap_type *inner = STRUCT({"a", T(INT64)});
    const struct ffitap_field fields[] = {{"a", inner}, {"b", inner}};
    struct ffitap_type *outer = NULL;

    cr_assert(eq(int, ffitap_type_create_struct(fields, 2, &outer, NULL), FFITAP_OK));
    ffitap_type_destroy(inner);
    cr_expect(eq(sz, ffitap_type_get_field_offset(outer, 1), 8));
    ffitap_type_destroy(outer);
}

Test(core_type, a_signature_keeps_its_types)
{
    struct ffitap_type *type = STRUCT({"a", T(FLOAT)}, {"b", T(FLOAT)});
    const struct ffitap_type *types[] = {type};
    struct ffitap__signature *signature = NULL;

    cr_assert(
        eq(int,
           ffitap__signature_create("a test", FFI_DEFAULT_ABI, type, types, 1, 1, &signature, NULL),
           FFITAP_OK));
    ffitap_type_destroy(type);
    cr_expect(eq(sz, ffitap_type_get_size(signature->types[0]), sizeof(two_floats)));
    cr_expect(eq(sz, signature->cif.rtype->size, sizeof(two_floats)));
    ffitap__signature_destroy(signature);
}

Test(core_type, making_one_keeps_errno)
{
    errno = 12;
    ffitap_type_destroy(describe_sample());
    cr_expect(eq(int, errno, 12));
}

#define THREADS 4
#define ROUNDS  200

static void *give_two_floats;

/* A thread that uses a type others use, and lets it go. */
static void *use(void *data)
{
    const struct ffitap_type *type = data;
    double before = 0.5;
    void *arguments[] = {&before};
    const struct ffitap_type *types[] = {T(DOUBLE)};
    two_floats result = {0};

    for (int i = 0; i < ROUNDS; i++) {
        const struct ffitap_field fields[] = {{"a", type}, {"b", type}};
        struct ffitap_type *outer = NULL;

        cr_assert(eq(int, ffitap_type_create_struct(fields, 2, &outer, NULL), FFITAP_OK));
        invoke(FFI_DEFAULT_ABI, give_two_floats, type, &result, types, arguments, 1);
        cr_assert(is_two_floats_sample(result));
        ffitap_type_destroy(outer);
    }
    ffitap__type_release(type);
    return NULL;
}

Test(core_type, threads_share_one)
{
    struct ffitap_type *type = STRUCT({"a", T(FLOAT)}, {"b", T(FLOAT)});
    pthread_t threads[THREADS];

    give_two_floats = find_native(AGGREGATES_LIBRARY, "give_two_floats");
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, use, (void *)ffitap__type_retain(type));
    ffitap_type_destroy(type);
    for (int i = 0; i < THREADS; i++)
        cr_expect(eq(int, pthread_join(threads[i], NULL), 0));
}
