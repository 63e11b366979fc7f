/* Whether the values that native code gives to a callback arrive and come back, in both
 * conventions. */
#include <stdlib.h>
#include <string.h>

#include "aggregates.h"
#include "callbacks.h"
#include "open.h"
#include "types.h"

#define MICROSOFT __attribute__((ms_abi))

static void no_provider(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
}

TestSuite(core_callback_types, .init = no_provider);

static int types_met;

static void give_back(void *result, void *const *arguments, void *data)
{
    memcpy(result, arguments[0], *(const size_t *)data);
}

/* One test per fundamental type: what goes in comes out. */
#define SAME(basic, c_type, sample)                                                                \
    Test(core_callback_types, basic##_comes_back_as_it_went_in)                                    \
    {                                                                                              \
        const enum ffitap_basic_type type = FFITAP_TYPE_##basic;                                   \
        size_t size = sizeof(c_type);                                                              \
        struct ffitap_callback *callback =                                                         \
            create_of_kind(FFITAP_CDLL, give_back, &size, type, &type, 1, 0);                      \
        c_type value = (c_type)(sample);                                                           \
        typedef c_type function(c_type);                                                           \
        const c_type result = ((function *)code_of(callback))(value);                              \
                                                                                                   \
        cr_expect(result == value);                                                                \
        ffitap_callback_destroy(callback);                                                         \
    }

SAME(INT8, int8_t, INT8_MIN)
SAME(UINT8, uint8_t, UINT8_MAX)
SAME(INT16, int16_t, INT16_MIN)
SAME(UINT16, uint16_t, UINT16_MAX)
SAME(INT32, int32_t, INT32_MIN)
SAME(UINT32, uint32_t, UINT32_MAX)
SAME(INT64, int64_t, INT64_MIN)
SAME(UINT64, uint64_t, UINT64_MAX)
SAME(SHORT, short, -12345)
SAME(USHORT, unsigned short, 54321)
SAME(INT, int, -123456789)
SAME(UINT, unsigned int, 3123456789u)
SAME(LONG, long, -1234567890123)
SAME(ULONG, unsigned long, 0xFEDCBA9876543210u)
SAME(LONGLONG, long long, -1234567890123)
SAME(ULONGLONG, unsigned long long, 0xFEDCBA9876543210u)
SAME(SIZE, size_t, SIZE_MAX)
SAME(SSIZE, ssize_t, -1)
SAME(FLOAT, float, -1.5f)
SAME(DOUBLE, double, 2.718281828459045)
SAME(POINTER, void *, &types_met)
SAME(STRING, char *, "text")
SAME(BOOL, _Bool, 1)
SAME(CHAR, char, -7)
SAME(SCHAR, signed char, -100)
SAME(UCHAR, unsigned char, 200)
SAME(WCHAR, wchar_t, 0x1F600)
SAME(LONGDOUBLE, long double, 3.14159265358979323846L)
SAME(WSTRING, wchar_t *, L"text")
SAME(HRESULT, int32_t, INT32_MIN + 5)
SAME(PYOBJECT, void *, &types_met)

/*
 * Some compilers' code relies on this, and libffi does it, although the C ABI does not promise it.
 */
Test(core_callback_types, small_results_are_an_int_with_their_sign)
{
    const enum ffitap_basic_type type = FFITAP_TYPE_INT8;
    size_t size = 1;
    struct ffitap_callback *callback =
        create_of_kind(FFITAP_CDLL, give_back, &size, type, &type, 1, 0);

    cr_expect(eq(int, ((int (*)(int))code_of(callback))(-100), -100));
    ffitap_callback_destroy(callback);
}

Test(core_callback_types, small_unsigned_results_are_an_int_without)
{
    const enum ffitap_basic_type type = FFITAP_TYPE_UINT16;
    size_t size = 2;
    struct ffitap_callback *callback =
        create_of_kind(FFITAP_CDLL, give_back, &size, type, &type, 1, 0);

    cr_expect(eq(int, ((int (*)(int))code_of(callback))(0xFFFE), 0xFFFE));
    ffitap_callback_destroy(callback);
}

static void note_result(void *result, void *const *arguments, void *data)
{
    (void)arguments;
    *(void **)data = result;
}

Test(core_callback_types, a_void_result_has_no_room)
{
    void *noted = &noted;
    struct ffitap_callback *callback = create_plain(note_result, &noted, 0);

    code_of(callback)();
    cr_expect(eq(ptr, noted, NULL));
    ffitap_callback_destroy(callback);
}

Test(core_callback_types, a_handler_that_gives_nothing_gives_zero)
{
    void *noted = NULL;
    struct ffitap_callback *integer =
        create_of_kind(FFITAP_CDLL, note_result, &noted, FFITAP_TYPE_INT16, NULL, 0, 0);
    struct ffitap_callback *real =
        create_of_kind(FFITAP_CDLL, note_result, &noted, FFITAP_TYPE_LONGDOUBLE, NULL, 0, 0);

    cr_expect(eq(int, ((short (*)(void))code_of(integer))(), 0));
    const long double given = ((long double (*)(void))code_of(real))();
    cr_expect(given == 0);
    ffitap_callback_destroy(integer);
    ffitap_callback_destroy(real);
}

static const enum ffitap_basic_type many_types[] = {
    FFITAP_TYPE_INT8,   FFITAP_TYPE_DOUBLE, FFITAP_TYPE_UINT16, FFITAP_TYPE_FLOAT,
    FFITAP_TYPE_INT64,  FFITAP_TYPE_DOUBLE, FFITAP_TYPE_INT,    FFITAP_TYPE_LONG,
    FFITAP_TYPE_DOUBLE, FFITAP_TYPE_UCHAR,  FFITAP_TYPE_SHORT,  FFITAP_TYPE_INT};
#define MANY_COUNT (sizeof(many_types) / sizeof(*many_types))

static void add_many(void *result, void *const *arguments, void *data)
{
    (void)data;
    *(double *)result =
        *(int8_t *)arguments[0] + *(double *)arguments[1] + *(uint16_t *)arguments[2] +
        *(float *)arguments[3] + (double)*(int64_t *)arguments[4] + *(double *)arguments[5] +
        *(int *)arguments[6] + (double)*(long *)arguments[7] + *(double *)arguments[8] +
        *(unsigned char *)arguments[9] + *(short *)arguments[10] + *(int *)arguments[11];
}

Test(core_callback_types, more_arguments_than_registers_arrive)
{
    struct ffitap_callback *callback =
        create_of_kind(FFITAP_CDLL, add_many, NULL, FFITAP_TYPE_DOUBLE, many_types, MANY_COUNT, 0);

    cr_expect(eq(dbl,
                 ((double (*)(int8_t, double, uint16_t, float, int64_t, double, int, long, double,
                              unsigned char, short, int))code_of(callback))(-1, 2.5, 3, 4.25f, 5, 6,
                                                                            7, 8, 9, 10, -11, 12),
                 54.75));
    ffitap_callback_destroy(callback);
}

Test(core_callback_types, microsofts_convention_brings_the_same_arguments)
{
    struct ffitap_callback *callback = create_of_kind(
        FFITAP_WINDLL, add_many, NULL, FFITAP_TYPE_DOUBLE, many_types, MANY_COUNT, 0);

    cr_expect(eq(dbl,
                 ((double(MICROSOFT *)(int8_t, double, uint16_t, float, int64_t, double, int, long,
                                       double, unsigned char, short, int))code_of(callback))(
                     -1, 2.5, 3, 4.25f, 5, 6, 7, 8, 9, 10, -11, 12),
                 54.75));
    ffitap_callback_destroy(callback);
}

Test(core_callback_types, an_oledlls_handler_gives_an_hresult)
{
    const enum ffitap_basic_type type = FFITAP_TYPE_HRESULT;
    size_t size = sizeof(int32_t);
    struct ffitap_callback *callback =
        create_of_kind(FFITAP_OLEDLL, give_back, &size, type, &type, 1, 0);

    cr_expect(eq(int, ((int32_t(MICROSOFT *)(int32_t))code_of(callback))((int32_t)0x80004005),
                 (int32_t)0x80004005));
    ffitap_callback_destroy(callback);
}

/* Returns the value that comes between 0.5 and 7, if these two are as they should be. */
static void give_amid(void *result, void *const *arguments, void *data)
{
    if (*(double *)arguments[0] == 0.5 && *(int *)arguments[2] == 7)
        memcpy(result, arguments[1], *(const size_t *)data);
}

static struct ffitap_callback *create_amid(enum ffitap_library_kind kind,
                                           struct ffitap_type *aggregate, size_t *size)
{
    const struct ffitap_type *types[] = {T(DOUBLE), aggregate, T(INT)};
    struct ffitap_callback *callback = NULL;
    struct ffitap_error error = {0};

    cr_assert(
        eq(int,
           ffitap_callback_create(give_amid, size, kind, aggregate, types, 3, 0, &callback, &error),
           FFITAP_OK),
        "%s", error.text);
    ffitap_type_destroy(aggregate);
    return callback;
}

#define TRAVELS(convention, kind, name, description)                                               \
    Test(core_callback_types, name##_travels_both_ways_for_a_##kind)                               \
    {                                                                                              \
        size_t size = sizeof(name);                                                                \
        struct ffitap_callback *callback = create_amid(FFITAP_##kind, description, &size);         \
                                                                                                   \
        cr_expect(is_##name##_sample(                                                              \
            ((name(convention *)(double, name, int))code_of(callback))(0.5, name##_sample, 7)));   \
        ffitap_callback_destroy(callback);                                                         \
    }

/* One of each way in which values travel: in registers of either sort, in memory, by address. */
#define AGGREGATE(name, description)                                                               \
    TRAVELS(, CDLL, name, description)                                                             \
    TRAVELS(MICROSOFT, WINDLL, name, description)

#define INNER        STRUCT({"a", T(INT32)}, {"b", T(FLOAT)})
#define FLOAT_OR_INT UNION({"a", T(FLOAT)}, {"b", T(INT32)})

AGGREGATE(one_byte, STRUCT({"a", T(INT8)}))
AGGREGATE(three_bytes, STRUCT({"a", array(T(INT8), 3)}))
AGGREGATE(two_floats, STRUCT({"a", T(FLOAT)}, {"b", T(FLOAT)}))
AGGREGATE(float_and_int, STRUCT({"a", T(FLOAT)}, {"b", T(INT32)}))
AGGREGATE(double_and_float, STRUCT({"a", T(DOUBLE)}, {"b", T(FLOAT)}))
AGGREGATE(double_and_integer, STRUCT({"a", T(DOUBLE)}, {"b", T(INT64)}))
AGGREGATE(integer_and_double, STRUCT({"a", T(INT64)}, {"b", T(DOUBLE)}))
AGGREGATE(two_pointers, STRUCT({"a", T(STRING)}, {"b", T(POINTER)}))
AGGREGATE(nested_in_array, STRUCT({"a", T(INT16)}, {"b", array(INNER, 3)}, {"c", T(INT8)}))
AGGREGATE(three_integers, STRUCT({"a", T(INT64)}, {"b", T(INT64)}, {"c", T(INT64)}))
AGGREGATE(large, STRUCT({"a", array(T(DOUBLE), 4)}, {"b", array(T(INT32), 1000)}))
AGGREGATE(long_double_alone, STRUCT({"a", T(LONGDOUBLE)}))
AGGREGATE(long_double_inside, STRUCT({"a", T(INT8)}, {"b", T(LONGDOUBLE)}))
AGGREGATE(float_or_int, FLOAT_OR_INT)
AGGREGATE(union_inside, STRUCT({"a", T(FLOAT)}, {"b", FLOAT_OR_INT}, {"c", T(DOUBLE)}))

static void give_nothing(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
}

Test(core_callback_types, a_structure_that_its_handler_does_not_give_is_zero)
{
    struct ffitap_type *type = STRUCT({"a", T(INT64)}, {"b", T(INT64)}, {"c", T(INT64)});
    struct ffitap_callback *callback = NULL;

    cr_assert(eq(
        int,
        ffitap_callback_create(give_nothing, NULL, FFITAP_CDLL, type, NULL, 0, 0, &callback, NULL),
        FFITAP_OK));
    ffitap_type_destroy(type);
    typedef three_integers function(void);
    const three_integers given = ((function *)code_of(callback))();
    cr_expect(eq(long, given.a, 0));
    cr_expect(eq(long, given.b, 0));
    cr_expect(eq(long, given.c, 0));
    ffitap_callback_destroy(callback);
}

/* Clang differs from GCC here, and libffi goes with GCC. */
Test(core_callback_types, microsofts_convention_brings_a_long_double_as_gcc_passes_it)
{
    const enum ffitap_basic_type type = FFITAP_TYPE_LONGDOUBLE;
    size_t size = sizeof(long double);
    struct ffitap_callback *callback =
        create_of_kind(FFITAP_WINDLL, give_back, &size, type, &type, 1, 0);
    const long double given =
        ((long double(MICROSOFT *)(long double))code_of(callback))(3.14159265358979323846L);

    cr_expect(given == 3.14159265358979323846L);
    ffitap_callback_destroy(callback);
}

Test(core_callback_types, an_array_is_refused)
{
    struct ffitap_type *type = array(T(INT), 3);
    const struct ffitap_type *types[] = {type};
    struct ffitap_callback *callback = NULL;

    cr_expect(eq(int,
                 ffitap_callback_create(give_nothing, NULL, FFITAP_CDLL, T(VOID), types, 1, 0,
                                        &callback, NULL),
                 FFITAP_BAD_TYPE));
    ffitap_type_destroy(type);
}
