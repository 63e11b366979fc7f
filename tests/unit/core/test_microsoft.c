#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "lttng_double.h"
#include "open.h"

static struct ffitap_library *windows;
static struct ffitap_library *ole;

#define TYPE(name) ffitap_type_borrow(FFITAP_TYPE_##name)

static void open_microsoft(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    windows = open_library(MICROSOFT_NATIVE, FFITAP_WINDLL, 0);
    ole = open_library(MICROSOFT_NATIVE, FFITAP_OLEDLL, 0);
    lttng_double_reset();
}

TestSuite(core_microsoft, .init = open_microsoft);

static enum ffitap_status call(struct ffitap_function *function, void *result, void *argument,
                               struct ffitap_error *error)
{
    return ffitap_function_call(function, result, (void *[]){argument}, 1, error);
}

Test(core_microsoft, more_integers_than_registers_arrive_in_order)
{
    const struct ffitap_type *types[] = {TYPE(INT), TYPE(INT), TYPE(INT),
                                         TYPE(INT), TYPE(INT), TYPE(INT)};
    struct ffitap_function *weigh = borrow(windows, "weigh");
    int one = 1, two = 2, three = 3, four = 4, five = 5, six = 6, result = 0;
    void *arguments[] = {&one, &two, &three, &four, &five, &six};

    cr_assert(eq(int, ffitap_function_set_arguments(weigh, types, 6, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(weigh, &result, arguments, 6, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 654321));
}

Test(core_microsoft, integers_and_floating_point_values_share_their_places)
{
    const struct ffitap_type *types[] = {TYPE(DOUBLE), TYPE(INT),    TYPE(FLOAT),
                                         TYPE(INT64),  TYPE(DOUBLE), TYPE(FLOAT)};
    struct ffitap_function *mix = borrow(windows, "mix");
    double a = 1, e = 5, result = 0;
    float c = 3, f = 6;
    int b = 2;
    int64_t d = 4;
    void *arguments[] = {&a, &b, &c, &d, &e, &f};

    cr_assert(eq(int, ffitap_function_set_result(mix, TYPE(DOUBLE), NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(mix, types, 6, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(mix, &result, arguments, 6, NULL), FFITAP_OK));
    cr_expect(eq(dbl, result, 1 + 4 + 12 + 32 + 80 + 192));
}

Test(core_microsoft, a_long_double_goes_by_address_and_comes_back)
{
    struct ffitap_function *halve = borrow_same(windows, "halve", FFITAP_TYPE_LONGDOUBLE);
    long double value = 5, result = 0;

    cr_expect(eq(int, call(halve, &result, &value, NULL), FFITAP_OK));
    cr_expect(eq(dbl, (double)result, 2.5));
    cr_expect(eq(dbl, (double)value, 5));
}

static struct ffitap_type *struct_of(const struct ffitap_type *member, size_t count)
{
    struct ffitap_field fields[4];
    struct ffitap_type *type = NULL;

    for (size_t i = 0; i < count; i++)
        fields[i] = (struct ffitap_field){NULL, member};
    cr_assert(eq(int, ffitap_type_create_struct(fields, count, &type, NULL), FFITAP_OK));
    return type;
}

/* `name` takes a structure of `count` members and returns one. */
static struct ffitap_function *borrow_same_struct(const char *name,
                                                  const struct ffitap_type *member, size_t count)
{
    struct ffitap_function *function = borrow(windows, name);
    struct ffitap_type *owned = struct_of(member, count);
    const struct ffitap_type *type = owned;

    cr_assert(eq(int, ffitap_function_set_result(function, type, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(function, &type, 1, NULL), FFITAP_OK));
    ffitap_type_destroy(owned);
    return function;
}

Test(core_microsoft, a_structure_as_large_as_an_integer_goes_like_one)
{
    struct ffitap_function *swap = borrow_same_struct("swap_pair", TYPE(INT32), 2);
    int32_t value[] = {1, -2}, result[] = {0, 0};

    cr_expect(eq(int, call(swap, result, value, NULL), FFITAP_OK));
    cr_expect(eq(int, result[0], -2));
    cr_expect(eq(int, result[1], 1));
}

Test(core_microsoft, a_structure_of_an_odd_size_goes_by_address)
{
    struct ffitap_function *turn = borrow_same_struct("turn_odd", TYPE(CHAR), 3);
    char value[] = "abc", result[] = "---.";

    cr_expect(eq(int, call(turn, result, value, NULL), FFITAP_OK));
    cr_expect(eq(str, result, "cba."));
    cr_expect(eq(str, value, "abc"));
}

static struct ffitap_function *borrow_double_wide(void)
{
    struct ffitap_function *wide = borrow(windows, "double_wide");
    struct ffitap_type *four = struct_of(TYPE(DOUBLE), 4);
    const struct ffitap_type *types[] = {TYPE(INT), four, TYPE(INT)};

    cr_assert(eq(int, ffitap_function_set_result(wide, four, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(wide, types, 3, NULL), FFITAP_OK));
    ffitap_type_destroy(four);
    return wide;
}

Test(core_microsoft, a_large_structure_is_the_functions_own)
{
    struct ffitap_function *wide = borrow_double_wide();
    double value[] = {1, 2, 3, 4}, result[4] = {0};
    int before = 10, after = 20;
    void *arguments[] = {&before, value, &after};

    cr_expect(eq(int, ffitap_function_call(wide, result, arguments, 3, NULL), FFITAP_OK));
    cr_expect(eq(dbl, result[0], 32));
    cr_expect(eq(dbl, result[3], 38));
    cr_expect(eq(dbl, value[0], 1));
    cr_expect(eq(dbl, value[3], 4));
}

Test(core_microsoft, a_large_structure_is_its_own_in_a_call_with_extra_types_too)
{
    struct ffitap_function *wide = borrow(windows, "double_wide");
    struct ffitap_type *four = struct_of(TYPE(DOUBLE), 4);
    const struct ffitap_type *types[] = {TYPE(INT), four, TYPE(INT)};
    double value[] = {1, 2, 3, 4}, result[4] = {0};
    int before = 10, after = 20;
    void *arguments[] = {&before, value, &after};

    cr_assert(eq(int, ffitap_function_set_result(wide, four, NULL), FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_call_extra(wide, result, arguments, 3, types, NULL), FFITAP_OK));
    cr_expect(eq(dbl, result[1], 34));
    cr_expect(eq(dbl, value[1], 2));
    ffitap_type_destroy(four);
}

Test(core_microsoft, it_takes_what_was_declared_and_no_more)
{
    struct ffitap_function *give = borrow_same(windows, "give", FFITAP_TYPE_INT);
    const struct ffitap_type *more = TYPE(INT);
    struct ffitap_error few = {0}, many = {0}, extra = {0};
    int value = 1;
    void *arguments[] = {&value, &value};

    cr_expect(eq(int, ffitap_function_call(give, NULL, NULL, 0, &few), FFITAP_BAD_TYPE));
    cr_expect(eq(str, few.text, "this function takes 1 argument (0 given)"));
    cr_expect(eq(int, ffitap_function_call(give, NULL, arguments, 2, &many), FFITAP_BAD_TYPE));
    cr_expect(eq(str, many.text, "this function takes 1 argument (2 given)"));
    cr_expect(eq(int, ffitap_function_call_extra(give, NULL, arguments, 2, &more, &extra),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(str, extra.text, "this function takes 1 argument (2 given)"));
}

Test(core_microsoft, with_nothing_declared_it_takes_any)
{
    const struct ffitap_type *type = TYPE(INT);
    int value = 17, result = 0;

    cr_expect(eq(int,
                 ffitap_function_call_extra(borrow(windows, "give"), &result, (void *[]){&value}, 1,
                                            &type, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, result, 17));
}

Test(core_microsoft, declared_to_take_nothing_it_takes_nothing)
{
    struct ffitap_function *give = borrow(windows, "give");
    const struct ffitap_type *type = TYPE(INT);
    struct ffitap_error error = {0};
    int value = 17;

    cr_assert(eq(int, ffitap_function_set_arguments(give, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call_extra(give, NULL, (void *[]){&value}, 1, &type, &error),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "this function takes 0 arguments (1 given)"));
}

Test(core_microsoft, it_has_no_variadic_functions)
{
    const struct ffitap_type *types[] = {TYPE(INT), TYPE(INT)};
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_function_set_variadic(borrow(windows, "give"), types, 1, 2, &error),
                 FFITAP_NOT_SUPPORTED));
    cr_expect(eq(str, error.text, "'give' is of a library that has no variadic functions"));
}

Test(core_microsoft, a_windows_library_returns_an_int_whatever_its_sign)
{
    struct ffitap_function *give = borrow_same(windows, "give", FFITAP_TYPE_INT);
    int value = -5, result = 0;

    cr_expect(eq(int, call(give, &result, &value, NULL), FFITAP_OK));
    cr_expect(eq(int, result, -5));
}

static struct ffitap_function *ole_give(void)
{
    const struct ffitap_type *type = TYPE(INT);
    struct ffitap_function *give = borrow(ole, "give");

    cr_assert(eq(int, ffitap_function_set_arguments(give, &type, 1, NULL), FFITAP_OK));
    return give;
}

Test(core_microsoft, a_good_hresult_is_the_result)
{
    int value = 1, result = 0;

    cr_expect(eq(int, call(ole_give(), &result, &value, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 1));
}

Test(core_microsoft, a_failed_hresult_fails_the_call_and_the_error_carries_it)
{
    struct ffitap_error error = {0};
    int value = (int)0x80004005u, result = 3;

    cr_expect(eq(int, call(ole_give(), &result, &value, &error), FFITAP_CALL_FAILED));
    cr_expect(eq(int, error.code, (int)0x80004005u));
    cr_expect(eq(str, error.text, "'give' returned HRESULT 0x80004005"));
    cr_expect(eq(int, result, 3));
}

static bool checked;

static enum ffitap_status check(void *result, struct ffitap_function *function,
                                void *const *arguments, size_t count, void *data,
                                struct ffitap_error *error)
{
    (void)result;
    (void)function;
    (void)arguments;
    (void)count;
    (void)data;
    (void)error;
    checked = true;
    return FFITAP_OK;
}

Test(core_microsoft, an_hresult_is_checked_before_the_error_check)
{
    struct ffitap_function *give = ole_give();
    int bad = -1, good = 0;

    ffitap_function_set_errcheck(give, check, NULL);
    cr_expect(eq(int, call(give, NULL, &bad, NULL), FFITAP_CALL_FAILED));
    cr_expect(not(checked));
    cr_expect(eq(int, call(give, NULL, &good, NULL), FFITAP_OK));
    cr_expect(checked);
}

Test(core_microsoft, an_int_of_an_ole_library_is_still_an_hresult)
{
    struct ffitap_function *give = ole_give();
    int value = -1;

    cr_assert(eq(int, ffitap_function_set_result(give, TYPE(INT), NULL), FFITAP_OK));
    cr_expect(eq(int, call(give, NULL, &value, NULL), FFITAP_CALL_FAILED));
}

Test(core_microsoft, a_wider_result_of_an_ole_library_is_none)
{
    struct ffitap_function *give = borrow_same(ole, "give_wide", FFITAP_TYPE_INT64);
    int64_t value = -1, result = 0;

    cr_expect(eq(int, call(give, &result, &value, NULL), FFITAP_OK));
    cr_expect(eq(i64, result, -1));
}

Test(core_microsoft, an_hresult_is_checked_wherever_it_comes_from)
{
    struct ffitap_function *give = borrow_same(windows, "give", FFITAP_TYPE_HRESULT);
    struct ffitap_error error = {0};
    int value = -2;

    cr_expect(eq(int, call(give, NULL, &value, &error), FFITAP_CALL_FAILED));
    cr_expect(eq(int, error.code, -2));
}

static struct ffitap_last_error_source emulated(void)
{
    struct ffitap_last_error_source source;
    void *handle = dlopen(MICROSOFT_NATIVE, RTLD_NOW);

    *(void **)&source.get = dlsym(handle, "get_emulated_error");
    *(void **)&source.set = dlsym(handle, "set_emulated_error");
    return source;
}

Test(core_microsoft, both_private_errors_are_exchanged_around_the_call)
{
    static struct ffitap_last_error_source source;
    const struct ffitap_type *types[] = {TYPE(INT), TYPE(INT)};
    struct ffitap_library *library =
        open_library(MICROSOFT_NATIVE, FFITAP_WINDLL, FFITAP_USE_ERRNO | FFITAP_USE_LAST_ERROR);
    struct ffitap_function *exchange = borrow(library, "exchange_both");
    int error = 44, last_error = 55, result = 0;
    void *arguments[] = {&error, &last_error};

    source = emulated();
    ffitap_set_last_error_source(&source);
    cr_assert(eq(int, ffitap_function_set_arguments(exchange, types, 2, NULL), FFITAP_OK));
    errno = 2;
    source.set(3);
    ffitap_set_errno(22);
    ffitap_set_last_error(33);

    cr_expect(eq(int, ffitap_function_call(exchange, &result, arguments, 2, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 22033));
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(int, source.get(), 3));
    cr_expect(eq(int, ffitap_get_errno(), 44));
    cr_expect(eq(int, ffitap_get_last_error(), 55));
    ffitap_library_destroy(library);
}

Test(core_microsoft, the_last_error_is_exchanged_closest_to_the_native_code)
{
    struct ffitap_library *library =
        open_library(MICROSOFT_NATIVE, FFITAP_WINDLL, FFITAP_USE_ERRNO | FFITAP_USE_LAST_ERROR);
    struct ffitap_function *give = borrow_same(library, "give", FFITAP_TYPE_INT);
    int value = 1;

    lttng_double_reset();
    ffitap_set_last_error(9);
    cr_expect(eq(int, call(give, NULL, &value, NULL), FFITAP_OK));
    cr_expect(eq(str, (char *)lttng_double_names(),
                 "last_error_swap errno_swap call_entry call_exit errno_swap call "
                 "last_error_swap "));
    cr_expect(eq(int, lttng_double_last_error_swap(1)->private_value, 9));
    cr_expect(
        eq(u64, lttng_double_last_error_swap(1)->call_id, lttng_double_call_entry(0)->call_id));
    cr_expect(
        eq(u64, lttng_double_last_error_swap(0)->call_id, lttng_double_call_entry(0)->call_id));
    cr_expect(eq(int, lttng_double_last_error_swap(0)->direction, FFITAP__SWAP_OUT));
    ffitap_library_destroy(library);
}

Test(core_microsoft, a_call_is_told_like_any)
{
    int value = 1;

    cr_expect(eq(int, call(ole_give(), NULL, &value, NULL), FFITAP_OK));
    cr_expect(eq(str, (char *)lttng_double_names(), "function lookup call_entry call_exit call "));
}
