#include <ffi.h>
#include <stdlib.h>
#include <string.h>

#include "lttng_double.h"
#include "open.h"

static struct ffitap_library *native;
static struct ffitap_function *add_up;

/* The linker puts this in front of libffi's function. On x86-64 variadic functions are called like
 * others; elsewhere they are not. */
ffi_status __real_ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned fixed, unsigned count,
                                   ffi_type *result, ffi_type **types);
ffi_status __wrap_ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned fixed, unsigned count,
                                   ffi_type *result, ffi_type **types);

static unsigned prepared_fixed;
static unsigned prepared_count;

ffi_status __wrap_ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned fixed, unsigned count,
                                   ffi_type *result, ffi_type **types)
{
    prepared_fixed = fixed;
    prepared_count = count;
    return __real_ffi_prep_cif_var(cif, abi, fixed, count, result, types);
}

#define TYPE(name) ffitap_type_borrow(FFITAP_TYPE_##name)

static void open_native(void)
{
    const struct ffitap_type *format = TYPE(STRING);

    setenv("FFITAP_LTTNG", "0", 1);
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    add_up = borrow(native, "add_up");
    cr_assert(eq(int, ffitap_function_set_result(add_up, TYPE(DOUBLE), NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(add_up, &format, 1, NULL), FFITAP_OK));
    lttng_double_reset();
}

TestSuite(core_variadic, .init = open_native);

Test(core_variadic, values_after_the_fixed_ones_have_types_of_their_own)
{
    const struct ffitap_type *types[] = {TYPE(INT), TYPE(DOUBLE), TYPE(INT)};
    char *format = "idi";
    int first = 3, third = -10;
    double second = 0.25, sum = 0;
    void *arguments[] = {&format, &first, &second, &third};

    cr_expect(
        eq(int, ffitap_function_call_extra(add_up, &sum, arguments, 4, types, NULL), FFITAP_OK));
    cr_expect(eq(dbl, sum, -6.75));
    cr_expect(eq(uint, prepared_fixed, 1));
    cr_expect(eq(uint, prepared_count, 4));
}

Test(core_variadic, each_call_may_have_others)
{
    const struct ffitap_type *doubles[] = {TYPE(DOUBLE), TYPE(DOUBLE)};
    const struct ffitap_type *integer = TYPE(INT);
    char *two = "dd", *one = "i";
    double first = 1.5, second = 2.25, sum = 0, other = 0;
    int value = 7;

    cr_expect(eq(int,
                 ffitap_function_call_extra(add_up, &sum, (void *[]){&two, &first, &second}, 3,
                                            doubles, NULL),
                 FFITAP_OK));
    cr_expect(
        eq(int,
           ffitap_function_call_extra(add_up, &other, (void *[]){&one, &value}, 2, &integer, NULL),
           FFITAP_OK));
    cr_expect(eq(dbl, sum, 3.75));
    cr_expect(eq(dbl, other, 7));
}

Test(core_variadic, without_more_it_is_a_call_like_any)
{
    char *format = "";
    double sum = -1;

    cr_expect(eq(int, ffitap_function_call_extra(add_up, &sum, (void *[]){&format}, 1, NULL, NULL),
                 FFITAP_OK));
    cr_expect(eq(dbl, sum, 0));
}

Test(core_variadic, more_doubles_than_registers_arrive)
{
    const struct ffitap_type *types[12];
    void *arguments[13];
    double values[12], sum = 0;
    char *format = "dddddddddddd";

    arguments[0] = &format;
    for (int i = 0; i < 12; i++) {
        values[i] = i + 1;
        types[i] = TYPE(DOUBLE);
        arguments[i + 1] = &values[i];
    }
    cr_expect(
        eq(int, ffitap_function_call_extra(add_up, &sum, arguments, 13, types, NULL), FFITAP_OK));
    cr_expect(eq(dbl, sum, 78));
}

Test(core_variadic, a_list_that_stays_is_declared_once)
{
    const struct ffitap_type *types[] = {TYPE(STRING), TYPE(INT), TYPE(DOUBLE)};
    char *format = "id";
    int first = 3;
    double second = 0.5, sum = 0;

    cr_assert(eq(int, ffitap_function_set_variadic(add_up, types, 1, 3, NULL), FFITAP_OK));
    cr_expect(eq(int,
                 ffitap_function_call(add_up, &sum, (void *[]){&format, &first, &second}, 3, NULL),
                 FFITAP_OK));
    cr_expect(eq(dbl, sum, 3.5));
    cr_expect(eq(uint, prepared_fixed, 1));
    cr_expect(eq(uint, prepared_count, 3));
}

Test(core_variadic, a_declared_list_can_still_be_followed_by_more)
{
    const struct ffitap_type *types[] = {TYPE(STRING), TYPE(INT)};
    const struct ffitap_type *more = TYPE(INT);
    char *format = "ii";
    int first = 3, second = 4;
    double sum = 0;

    cr_assert(eq(int, ffitap_function_set_variadic(add_up, types, 1, 2, NULL), FFITAP_OK));
    cr_expect(eq(int,
                 ffitap_function_call_extra(add_up, &sum, (void *[]){&format, &first, &second}, 3,
                                            &more, NULL),
                 FFITAP_OK));
    cr_expect(eq(dbl, sum, 7));
}

Test(core_variadic, a_float_is_refused_with_what_it_should_be)
{
    const struct ffitap_type *type = TYPE(FLOAT);
    struct ffitap_error error = {0};
    char *format = "d";
    float value = 1;

    cr_expect(
        eq(int,
           ffitap_function_call_extra(add_up, NULL, (void *[]){&format, &value}, 2, &type, &error),
           FFITAP_BAD_TYPE));
    cr_expect(
        eq(str, error.text, "argument 2 comes after '...': a float is passed as a double there"));
}

Test(core_variadic, so_is_an_integer_narrower_than_int)
{
    const struct ffitap_type *types[] = {TYPE(STRING), TYPE(INT), TYPE(CHAR)};
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_function_set_variadic(add_up, types, 1, 3, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text,
                 "argument 3 comes after '...': an integer this short is passed as an int there"));
}

Test(core_variadic, before_the_dots_narrow_ones_are_as_good_as_any)
{
    struct ffitap_function *same = borrow_same(native, "same_float", FFITAP_TYPE_FLOAT);
    const struct ffitap_type *more = TYPE(DOUBLE);
    float value = 1.5f, result = 0;
    double ignored = 2;

    cr_expect(
        eq(int,
           ffitap_function_call_extra(same, &result, (void *[]){&value, &ignored}, 2, &more, NULL),
           FFITAP_OK));
    cr_expect(eq(flt, result, 1.5f));
}

Test(core_variadic, with_nothing_declared_it_is_an_ordinary_call_of_any_types)
{
    struct ffitap_function *same = borrow(native, "same_float");
    const struct ffitap_type *type = TYPE(FLOAT);
    float value = 2.5f, result = 0;

    cr_assert(eq(int, ffitap_function_set_result(same, TYPE(FLOAT), NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call_extra(same, &result, (void *[]){&value}, 1, &type, NULL),
                 FFITAP_OK));
    cr_expect(eq(flt, result, 2.5f));
    cr_expect(eq(uint, prepared_count, 0));
}

Test(core_variadic, too_few_are_refused_in_ctypes_words)
{
    struct ffitap_error error = {0};

    cr_expect(
        eq(int, ffitap_function_call_extra(add_up, NULL, NULL, 0, NULL, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "this function takes at least 1 argument (0 given)"));
}

Test(core_variadic, a_value_without_a_type_is_refused)
{
    struct ffitap_error error = {0};
    char *format = "i";
    int value = 1;

    cr_expect(eq(int, ffitap_function_call(add_up, NULL, (void *[]){&format, &value}, 2, &error),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text,
                 "argument 2 of 'add_up' has no type: declare it, or call the function with "
                 "ffitap_function_call_extra()"));
}

Test(core_variadic, types_that_are_null_are_refused)
{
    const struct ffitap_type *type = NULL;
    char *format = "i";
    int value = 1;
    void *arguments[] = {&format, &value};

    cr_expect(eq(int, ffitap_function_call_extra(add_up, NULL, arguments, 2, NULL, NULL),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, ffitap_function_call_extra(add_up, NULL, arguments, 2, &type, NULL),
                 FFITAP_BAD_ARGUMENT));
}

Test(core_variadic, a_thousand_and_twenty_four_arguments_are_the_most)
{
    enum { COUNT = FFITAP_ARGUMENT_MAX };
    static const struct ffitap_type *types[COUNT];
    static void *arguments[COUNT + 1];
    static char letters[COUNT];
    static int one = 1;
    struct ffitap_error error = {0};
    char *format = letters;
    double sum = 0;

    memset(letters, 'i', COUNT - 1);
    arguments[0] = &format;
    for (int i = 0; i < COUNT; i++) {
        types[i] = TYPE(INT);
        arguments[i + 1] = &one;
    }
    cr_expect(eq(int, ffitap_function_call_extra(add_up, &sum, arguments, COUNT, types, NULL),
                 FFITAP_OK));
    cr_expect(eq(dbl, sum, COUNT - 1));
    cr_expect(eq(int, ffitap_function_call_extra(add_up, NULL, arguments, COUNT + 1, types, &error),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "too many arguments (1025), maximum is 1024"));
}

Test(core_variadic, at_least_one_argument_comes_before_the_dots)
{
    const struct ffitap_type *type = TYPE(INT);

    cr_expect(
        eq(int, ffitap_function_set_variadic(add_up, &type, 0, 1, NULL), FFITAP_BAD_ARGUMENT));
    cr_expect(
        eq(int, ffitap_function_set_variadic(add_up, &type, 2, 1, NULL), FFITAP_BAD_ARGUMENT));
}

Test(core_variadic, it_is_told_like_any_call)
{
    const struct ffitap_type *type = TYPE(INT);
    char *format = "i";
    int value = 1;

    cr_assert(eq(
        int, ffitap_function_call_extra(add_up, NULL, (void *[]){&format, &value}, 2, &type, NULL),
        FFITAP_OK));
    cr_expect(eq(uint, lttng_double_call_count(), 1));
}
