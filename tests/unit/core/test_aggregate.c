/* Whether structures and unions travel as the compiler passes them. */
#include <string.h>

#include "aggregates.h"
#include "lttng_double.h"
#include "invoke.h"
#include "open.h"
#include "types.h"

#define BEFORE ((double){0.5})
#define AFTER  ((int){7})

static bool take(ffi_abi abi, const char *name, struct ffitap_type *type, const void *value)
{
    const struct ffitap_type *types[] = {T(DOUBLE), type, T(INT)};
    void *arguments[] = {&BEFORE, (void *)value, &AFTER};
    ffi_arg taken = 0;

    invoke(abi, find_native(AGGREGATES_LIBRARY, name), T(INT), &taken, types, arguments, 3);
    ffitap_type_destroy(type);
    return (int)taken;
}

static void give(ffi_abi abi, const char *name, struct ffitap_type *type, void *result)
{
    const struct ffitap_type *types[] = {T(DOUBLE)};
    void *arguments[] = {&BEFORE};

    invoke(abi, find_native(AGGREGATES_LIBRARY, name), type, result, types, arguments, 1);
    ffitap_type_destroy(type);
}

#define TRAVELS_BY(abi, prefix, name, description)                                                 \
    Test(core_aggregate, prefix##name##_is_passed)                                                 \
    {                                                                                              \
        cr_expect(take(abi, #prefix "take_" #name, description, &name##_sample));                  \
    }                                                                                              \
    Test(core_aggregate, prefix##name##_is_returned)                                               \
    {                                                                                              \
        name result;                                                                               \
                                                                                                   \
        memset(&result, 0xa5, sizeof(result));                                                     \
        give(abi, #prefix "give_" #name, description, &result);                                    \
        cr_expect(is_##name##_sample(result));                                                     \
    }

#define LIES(name, description)                                                                    \
    Test(core_aggregate, name##_is_as_large_as_in_the_compiler)                                    \
    {                                                                                              \
        struct ffitap_type *type = description;                                                    \
                                                                                                   \
        cr_expect(eq(sz, ffitap_type_get_size(type), sizeof(name)));                               \
        cr_expect(eq(sz, ffitap_type_get_alignment(type), _Alignof(name)));                        \
        ffitap_type_destroy(type);                                                                 \
    }

/* GNU's variant: in FFI_WIN64 a long double is a double. */
#define MICROSOFT_ABI FFI_GNUW64

#define AGGREGATE(name, description)                                                               \
    LIES(name, description)                                                                        \
    TRAVELS_BY(FFI_DEFAULT_ABI, , name, description)                                               \
    TRAVELS_BY(MICROSOFT_ABI, ms_, name, description)

#define INNER        STRUCT({"a", T(INT32)}, {"b", T(FLOAT)})
#define FLOAT_OR_INT UNION({"a", T(FLOAT)}, {"b", T(INT32)})

AGGREGATE(one_byte, STRUCT({"a", T(INT8)}))
AGGREGATE(three_bytes, STRUCT({"a", array(T(INT8), 3)}))
AGGREGATE(padded, STRUCT({"a", T(INT8)}, {"b", T(INT16)}, {"c", T(INT8)}))
AGGREGATE(two_floats, STRUCT({"a", T(FLOAT)}, {"b", T(FLOAT)}))
AGGREGATE(float_and_int, STRUCT({"a", T(FLOAT)}, {"b", T(INT32)}))
AGGREGATE(three_floats, STRUCT({"a", array(T(FLOAT), 3)}))
AGGREGATE(double_and_float, STRUCT({"a", T(DOUBLE)}, {"b", T(FLOAT)}))
AGGREGATE(double_and_integer, STRUCT({"a", T(DOUBLE)}, {"b", T(INT64)}))
AGGREGATE(integer_and_double, STRUCT({"a", T(INT64)}, {"b", T(DOUBLE)}))
AGGREGATE(two_pointers, STRUCT({"a", T(STRING)}, {"b", T(POINTER)}))
AGGREGATE(nested_amid_eight_bytes, STRUCT({"a", T(FLOAT)}, {"b", INNER}))
AGGREGATE(nested_in_array, STRUCT({"a", T(INT16)}, {"b", array(INNER, 3)}, {"c", T(INT8)}))
AGGREGATE(three_integers, STRUCT({"a", T(INT64)}, {"b", T(INT64)}, {"c", T(INT64)}))
AGGREGATE(large, STRUCT({"a", array(T(DOUBLE), 4)}, {"b", array(T(INT32), 1000)}))
AGGREGATE(long_double_alone, STRUCT({"a", T(LONGDOUBLE)}))
AGGREGATE(long_double_inside, STRUCT({"a", T(INT8)}, {"b", T(LONGDOUBLE)}))
AGGREGATE(float_or_int, FLOAT_OR_INT)
AGGREGATE(double_or_floats, UNION({"a", T(DOUBLE)}, {"b", array(T(FLOAT), 2)}))
AGGREGATE(double_or_bytes, UNION({"a", T(DOUBLE)}, {"b", array(T(INT8), 3)}))
AGGREGATE(floats_or_double, UNION({"a", array(T(FLOAT), 3)}, {"b", T(DOUBLE)}))
AGGREGATE(union_inside, STRUCT({"a", T(FLOAT)}, {"b", FLOAT_OR_INT}, {"c", T(DOUBLE)}))
AGGREGATE(union_in_array, STRUCT({"a", array(FLOAT_OR_INT, 2)}))
AGGREGATE(long_doubles, UNION({"a", T(LONGDOUBLE)}, {"b", STRUCT({"a", T(LONGDOUBLE)})}))
AGGREGATE(long_double_or_double, UNION({"a", T(LONGDOUBLE)}, {"b", T(DOUBLE)}))
AGGREGATE(long_double_or_integer, UNION({"a", T(LONGDOUBLE)}, {"b", T(INT64)}))
AGGREGATE(long_double_or_integers, UNION({"a", T(LONGDOUBLE)}, {"b", array(T(INT64), 2)}))
AGGREGATE(in_memory_or_integers,
          UNION({"a", UNION({"a", T(LONGDOUBLE)}, {"b", T(INT64)})}, {"b", array(T(INT16), 5)}))

Test(core_aggregate, a_large_result_can_be_dropped_when_nothing_records)
{
    struct ffitap_type *type = STRUCT({"a", array(T(DOUBLE), 4)}, {"b", array(T(INT32), 1000)});
    struct ffitap_library *library = open_library(AGGREGATES_LIBRARY, FFITAP_CDLL, 0);
    struct ffitap_function *function = borrow(library, "give_large");
    const struct ffitap_type *types[] = {T(DOUBLE)};
    void *arguments[] = {&BEFORE};

    cr_assert(eq(int, ffitap_function_set_result(function, type, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(function, types, 1, NULL), FFITAP_OK));
    lttng_double_wants_calls = false;
    cr_expect(eq(int, ffitap_function_call(function, NULL, arguments, 1, NULL), FFITAP_OK));
    ffitap_type_destroy(type);
    ffitap_library_destroy(library);
}

Test(core_aggregate, a_windll_returns_a_long_double_as_gnu_compilers_do)
{
    struct ffitap_type *type = STRUCT({"a", T(LONGDOUBLE)});
    struct ffitap_library *library = open_library(AGGREGATES_LIBRARY, FFITAP_WINDLL, 0);
    struct ffitap_function *function = borrow(library, "ms_give_long_double_alone");
    const struct ffitap_type *types[] = {T(DOUBLE)};
    void *arguments[] = {&BEFORE};
    long_double_alone result = {0};

    cr_assert(eq(int, ffitap_function_set_result(function, type, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(function, types, 1, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_call(function, &result, arguments, 1, NULL), FFITAP_OK));
    cr_expect(is_long_double_alone_sample(result));
    ffitap_type_destroy(type);
    ffitap_library_destroy(library);
}
