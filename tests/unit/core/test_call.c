#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "lttng_double.h"
#include "open.h"

static struct ffitap_library *native;

static void open_native(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    lttng_double_reset();
}

TestSuite(core_call, .init = open_native);

/* One test per fundamental type, the long way and the short way: the value that goes in comes out,
 * and nothing is written beyond its bytes. */
#define SAME(function_name, basic, c_type, sample)                                                 \
    static void expect_same_##function_name(bool listening)                                        \
    {                                                                                              \
        struct ffitap_function *function =                                                         \
            borrow_same(native, "same_" #function_name, FFITAP_TYPE_##basic);                      \
        c_type value = (c_type)(sample);                                                           \
        void *arguments[] = {&value};                                                              \
        struct {                                                                                   \
            c_type result;                                                                         \
            unsigned char guard[8];                                                                \
        } room = {0};                                                                              \
                                                                                                   \
        lttng_double_wants_calls = listening;                                                      \
        memset(room.guard, 0xA5, sizeof(room.guard));                                              \
        cr_assert(                                                                                 \
            eq(int, ffitap_function_call(function, &room.result, arguments, 1, NULL), FFITAP_OK)); \
        cr_expect(room.result == value);                                                           \
        cr_expect(eq(int, memcmp(room.guard, "\xA5\xA5\xA5\xA5\xA5\xA5\xA5\xA5", 8), 0));          \
        cr_expect(eq(int, ffitap_function_call(function, NULL, arguments, 1, NULL), FFITAP_OK));   \
    }                                                                                              \
    Test(core_call, function_name##_comes_back_as_it_went_in)                                      \
    {                                                                                              \
        expect_same_##function_name(true);                                                         \
        expect_same_##function_name(false);                                                        \
    }

SAME(int8, INT8, int8_t, INT8_MIN)
SAME(uint8, UINT8, uint8_t, UINT8_MAX)
SAME(int16, INT16, int16_t, INT16_MIN)
SAME(uint16, UINT16, uint16_t, UINT16_MAX)
SAME(int32, INT32, int32_t, INT32_MIN)
SAME(uint32, UINT32, uint32_t, UINT32_MAX)
SAME(int64, INT64, int64_t, INT64_MIN)
SAME(uint64, UINT64, uint64_t, UINT64_MAX)
SAME(short, SHORT, short, -12345)
SAME(ushort, USHORT, unsigned short, 54321)
SAME(int, INT, int, -123456789)
SAME(uint, UINT, unsigned int, 3123456789u)
SAME(long, LONG, long, -1234567890123)
SAME(ulong, ULONG, unsigned long, 0xFEDCBA9876543210u)
SAME(longlong, LONGLONG, long long, -1234567890123)
SAME(ulonglong, ULONGLONG, unsigned long long, 0xFEDCBA9876543210u)
SAME(size, SIZE, size_t, SIZE_MAX)
SAME(ssize, SSIZE, ssize_t, -1)
SAME(float, FLOAT, float, -1.5f)
SAME(double, DOUBLE, double, 2.718281828459045)
SAME(pointer, POINTER, void *, &native)
SAME(string, STRING, char *, "text")
SAME(bool, BOOL, bool, true)
SAME(char, CHAR, char, -5)
SAME(schar, SCHAR, signed char, -128)
SAME(uchar, UCHAR, unsigned char, 255)
SAME(wchar, WCHAR, wchar_t, 0x1F600)
SAME(longdouble, LONGDOUBLE, long double, 0x1.123456789abcdefep-16000L)
SAME(wstring, WSTRING, wchar_t *, L"text")
SAME(hresult, HRESULT, int32_t, INT32_MAX)
SAME(pyobject, PYOBJECT, void *, &native)

Test(core_call, a_pyobject_that_is_null_fails)
{
    struct ffitap_function *same = borrow_same(native, "same_pyobject", FFITAP_TYPE_PYOBJECT);
    struct ffitap_error error = {0};
    void *value = NULL, *result = &value;

    cr_expect(eq(int, ffitap_function_call(same, &result, (void *[]){&value}, 1, &error),
                 FFITAP_CALL_FAILED));
    cr_expect(eq(str, error.text, "PyObject is NULL"));
    cr_expect(eq(ptr, result, &value));
}

Test(core_call, nothing_set_means_nothing_taken_and_an_int_given)
{
    int result = 0;

    cr_expect(
        eq(int, ffitap_function_call(borrow(native, "answer"), &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 42));
}

Test(core_call, a_void_result_writes_nothing)
{
    struct ffitap_function *note = borrow_same(native, "note", FFITAP_TYPE_INT);
    int value = 31, result = 7;
    void *arguments[] = {&value};

    cr_assert(eq(int, ffitap_function_set_result(note, ffitap_type_borrow(FFITAP_TYPE_VOID), NULL),
                 FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(note, &result, arguments, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 7));
    cr_expect(eq(int, ffitap_function_call(borrow(native, "get_noted"), &result, NULL, 0, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, result, 31));
}

Test(core_call, pow_of_libm_takes_two_doubles)
{
    struct ffitap_library *libm = open_library("libm.so.6", FFITAP_CDLL, 0);
    const struct ffitap_type *real = ffitap_type_borrow(FFITAP_TYPE_DOUBLE);
    const struct ffitap_type *types[] = {real, real};
    struct ffitap_function *function = borrow(libm, "pow");
    double base = 2, exponent = 10, result = 0;
    void *arguments[] = {&base, &exponent};

    cr_assert(eq(int, ffitap_function_set_result(function, real, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(function, types, 2, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(function, &result, arguments, 2, NULL), FFITAP_OK));
    cr_expect(eq(dbl, result, 1024));
    ffitap_library_destroy(libm);
}

Test(core_call, abs_labs_and_strlen_of_the_main_program_do_as_in_c)
{
    struct ffitap_library *program = open_library(NULL, FFITAP_CDLL, 0);
    const struct ffitap_type *string = ffitap_type_borrow(FFITAP_TYPE_STRING);
    struct ffitap_function *length = borrow_same(program, "strlen", FFITAP_TYPE_SIZE);
    int small = -5, small_result = 0;
    long large = -5000000000, large_result = 0;
    const char *text = "four";
    size_t text_length = 0;

    cr_assert(eq(int, ffitap_function_set_arguments(length, &string, 1, NULL), FFITAP_OK));
    cr_expect(eq(int,
                 ffitap_function_call(borrow_same(program, "abs", FFITAP_TYPE_INT), &small_result,
                                      (void *[]){&small}, 1, NULL),
                 FFITAP_OK));
    cr_expect(eq(int,
                 ffitap_function_call(borrow_same(program, "labs", FFITAP_TYPE_LONG), &large_result,
                                      (void *[]){&large}, 1, NULL),
                 FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_call(length, &text_length, (void *[]){&text}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, small_result, 5));
    cr_expect(eq(long, large_result, 5000000000));
    cr_expect(eq(sz, text_length, 4));
    ffitap_library_destroy(program);
}

static struct ffitap_type *make_wide(void)
{
    const struct ffitap_type *integer = ffitap_type_borrow(FFITAP_TYPE_LONG);
    const struct ffitap_field fields[] = {
        {"a", integer}, {"b", integer}, {"c", integer}, {"d", integer}};
    struct ffitap_type *wide = NULL;

    cr_assert(eq(int, ffitap_type_create_struct(fields, 4, &wide, NULL), FFITAP_OK));
    return wide;
}

static struct ffitap_function *borrow_negate_wide(void)
{
    struct ffitap_function *negate = borrow(native, "negate_wide");
    struct ffitap_type *wide = make_wide();
    const struct ffitap_type *type = wide;

    cr_assert(eq(int, ffitap_function_set_result(negate, wide, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(negate, &type, 1, NULL), FFITAP_OK));
    ffitap_type_destroy(wide);
    return negate;
}

/* libffi 3.4 writes into the array of values that it is given. */
Test(core_call, a_large_structure_leaves_the_array_of_arguments_alone)
{
    struct ffitap_function *negate = borrow_negate_wide();
    long value[] = {1, 2, 3, 4}, result[4] = {0}, again[4] = {0};
    void *arguments[] = {value};

    lttng_double_wants_calls = false;
    cr_expect(eq(int, ffitap_function_call(negate, result, arguments, 1, NULL), FFITAP_OK));
    cr_expect(eq(ptr, arguments[0], value));
    lttng_double_wants_calls = true;
    cr_expect(eq(int, ffitap_function_call(negate, again, arguments, 1, NULL), FFITAP_OK));
    cr_expect(eq(ptr, arguments[0], value));
    cr_expect(eq(long, result[3], -4));
    cr_expect(eq(long, again[3], -4));
    cr_expect(eq(long, value[3], 4));
}

Test(core_call, so_does_one_among_extra_arguments)
{
    struct ffitap_function *negate = borrow(native, "negate_wide");
    struct ffitap_type *wide = make_wide();
    const struct ffitap_type *type = wide;
    long value[] = {1, 2, 3, 4}, result[4] = {0};
    void *arguments[] = {value};

    cr_assert(eq(int, ffitap_function_set_result(negate, wide, NULL), FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_call_extra(negate, result, arguments, 1, &type, NULL), FFITAP_OK));
    cr_expect(eq(ptr, arguments[0], value));
    cr_expect(eq(long, result[0], -1));
    ffitap_type_destroy(wide);
}

struct large {
    unsigned char bytes[1 << 20];
};

static const struct large large_one = {.bytes[sizeof(struct large) - 1] = 7};

static struct large give_large(void)
{
    return large_one;
}

static struct ffitap_function *create_give_large(void)
{
    const struct ffitap_type *byte = ffitap_type_borrow(FFITAP_TYPE_UCHAR);
    struct ffitap_function *function = NULL;
    struct ffitap_type *bytes = NULL, *large = NULL;

    cr_assert(
        eq(int, ffitap_type_create_array(byte, sizeof(struct large), &bytes, NULL), FFITAP_OK));
    const struct ffitap_field field = {"bytes", bytes};
    cr_assert(eq(int, ffitap_type_create_struct(&field, 1, &large, NULL), FFITAP_OK));
    cr_assert(eq(int,
                 ffitap_function_create_at((void *)give_large, "give_large", FFITAP_CDLL,
                                           FFITAP_USE_ERRNO, &function, NULL),
                 FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_result(function, large, NULL), FFITAP_OK));
    ffitap_type_destroy(large);
    ffitap_type_destroy(bytes);
    return function;
}

static void *call_for_large(void *function)
{
    static struct large result;

    cr_expect(eq(int, ffitap_function_call(function, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result.bytes[sizeof(result) - 1], 7));
    return NULL;
}

Test(core_call, a_result_larger_than_the_stack_goes_where_it_is_wanted)
{
    struct ffitap_function *function = create_give_large();
    pthread_attr_t small;
    pthread_t thread;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, sizeof(struct large) / 2);
    cr_assert(eq(int, pthread_create(&thread, &small, call_for_large, function), 0));
    pthread_join(thread, NULL);
    pthread_attr_destroy(&small);
    ffitap_function_destroy(function);
}

Test(core_call, a_wrong_number_of_arguments_is_refused_and_nothing_called)
{
    struct ffitap_function *function = borrow_same(native, "note", FFITAP_TYPE_INT);
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_function_call(function, NULL, NULL, 0, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "this function takes at least 1 argument (0 given)"));
    cr_expect(eq(uint, lttng_double_call_count(), 0));
}

Test(core_call, each_call_is_told_once_by_the_function_that_was_looked_up)
{
    struct ffitap_function *answer = borrow(native, "answer");

    lttng_double_reset();
    for (int i = 0; i < 3; i++)
        cr_expect(eq(int, ffitap_function_call(answer, NULL, NULL, 0, NULL), FFITAP_OK));

    cr_expect(eq(str, (char *)lttng_double_names(),
                 "call_entry call_exit call call_entry call_exit call "
                 "call_entry call_exit call "));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
    cr_expect(ne(uint, lttng_double_call(0)->function_id, 0));
    cr_expect(ne(uint, lttng_double_call(0)->runtime_id, 0));
}

Test(core_call, nobody_listening_means_nothing_told)
{
    lttng_double_wants_calls = false;
    int result = 0;

    cr_expect(
        eq(int, ffitap_function_call(borrow(native, "answer"), &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 42));
    cr_expect(eq(uint, lttng_double_call_count() + lttng_double_call_entry_count(), 0));
}

Test(core_call, without_use_errno_errno_is_what_the_native_code_left)
{
    struct ffitap_function *exchange = borrow_same(native, "exchange_errno", FFITAP_TYPE_INT);
    int value = 9, result = 0;

    errno = 4;
    ffitap_set_errno(5);
    cr_expect(
        eq(int, ffitap_function_call(exchange, &result, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, errno, 9));
    cr_expect(eq(int, result, 4));
    cr_expect(eq(int, ffitap_get_errno(), 5));
    cr_expect(eq(int, lttng_double_call(0)->errno_private_in, 4));
    cr_expect(eq(int, lttng_double_call(0)->errno_after, 9));
}

static struct ffitap_function *inner;

static void call_inner(void)
{
    cr_expect(eq(int, ffitap_function_call(inner, NULL, NULL, 0, NULL), FFITAP_OK));
}

Test(core_call, a_call_out_of_a_callback_nests)
{
    struct ffitap_function *outer = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);
    void (*callback)(void) = call_inner;

    inner = borrow(native, "answer");
    lttng_double_reset();
    cr_expect(
        eq(int, ffitap_function_call(outer, NULL, (void *[]){&callback}, 1, NULL), FFITAP_OK));
    cr_expect(eq(str, (char *)lttng_double_names(),
                 "call_entry call_entry call_exit call call_exit call "));
    cr_expect(eq(uint, lttng_double_call(0)->flags | lttng_double_call(1)->flags, 0));
}

static struct ffitap_function *changing;

static int become_hresult(void)
{
    const struct ffitap_type *hresult = ffitap_type_borrow(FFITAP_TYPE_HRESULT);

    cr_expect(eq(int, ffitap_function_set_result(changing, hresult, NULL), FFITAP_OK));
    return -5;
}

Test(core_call, what_a_function_was_when_a_call_began_it_is_until_its_end)
{
    int result = 0;

    cr_assert(eq(int,
                 ffitap_function_create_at((void *)become_hresult, "become_hresult", FFITAP_CDLL, 0,
                                           &changing, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(changing, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, -5));
    cr_expect(eq(int, ffitap_function_call(changing, &result, NULL, 0, NULL), FFITAP_CALL_FAILED));
    ffitap_function_destroy(changing);
}

static jmp_buf outside;

static void jump_outside(void)
{
    longjmp(outside, 1);
}

Test(core_call, one_that_is_left_by_longjmp_disturbs_no_other)
{
    struct ffitap_function *call_back = borrow_same(native, "call_back", FFITAP_TYPE_POINTER);
    struct ffitap_function *answer = borrow(native, "answer");
    void (*callback)(void) = jump_outside;

    lttng_double_reset();
    if (setjmp(outside) == 0)
        (void)!ffitap_function_call(call_back, NULL, (void *[]){&callback}, 1, NULL);
    cr_expect(eq(int, ffitap_function_call(answer, NULL, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(uint, lttng_double_call_count(), 2));
    cr_expect(eq(uint, lttng_double_call(1)->flags, FFITAP__CALL_UNFINISHED));
    cr_expect(eq(uint, lttng_double_call(0)->flags, 0));
}

enum { THREADS = 4, CALLS = 500 };

static void *call_same(void *data)
{
    for (int i = 0; i < CALLS; i++) {
        int value = i, result = -1;

        if (ffitap_function_call(data, &result, (void *[]){&value}, 1, NULL) != FFITAP_OK ||
            result != value)
            return data;
    }
    return NULL;
}

static void call_from_threads(bool listening)
{
    struct ffitap_function *same = borrow_same(native, "same_int", FFITAP_TYPE_INT);
    pthread_t threads[THREADS];

    lttng_double_wants_calls = listening;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_same, same);
    for (int i = 0; i < THREADS; i++) {
        void *wrong = same;

        pthread_join(threads[i], &wrong);
        cr_expect(eq(ptr, wrong, NULL));
    }
}

Test(core_call, many_threads_call_one_function)
{
    call_from_threads(false);
    call_from_threads(true);
    cr_expect(eq(uint, lttng_double_call_count(), THREADS * CALLS));
}
