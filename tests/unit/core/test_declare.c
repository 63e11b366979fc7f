#include <stdlib.h>

#include "lttng_double.h"
#include "open.h"
#include "types.h"

static struct ffitap_library *native;

static void open_native(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    lttng_double_reset();
}

TestSuite(core_declare, .init = open_native);

Test(core_declare, void_is_no_argument)
{
    const struct ffitap_type *types[] = {ffitap_type_borrow(FFITAP_TYPE_INT),
                                         ffitap_type_borrow(FFITAP_TYPE_VOID)};
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_function_set_arguments(borrow(native, "answer"), types, 2, &error),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "argument 2 cannot be void"));
}

Test(core_declare, null_is_no_type)
{
    const struct ffitap_type *types[] = {NULL};
    struct ffitap_function *function = borrow(native, "answer");

    cr_expect(
        eq(int, ffitap_function_set_arguments(function, types, 1, NULL), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, ffitap_function_set_arguments(function, NULL, 1, NULL), FFITAP_BAD_ARGUMENT));
}

Test(core_declare, it_takes_as_many_arguments_as_in_ctypes_and_no_more)
{
    const struct ffitap_type *types[FFITAP_ARGUMENT_MAX + 1];
    struct ffitap_function *function = borrow(native, "answer");

    for (size_t i = 0; i <= FFITAP_ARGUMENT_MAX; i++)
        types[i] = ffitap_type_borrow(FFITAP_TYPE_INT);
    cr_expect(eq(int, ffitap_function_set_arguments(function, types, FFITAP_ARGUMENT_MAX, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, ffitap_function_set_arguments(function, types, FFITAP_ARGUMENT_MAX + 1, NULL),
                 FFITAP_BAD_TYPE));
}

Test(core_declare, at_first_it_returns_int_and_no_argument_is_declared)
{
    struct ffitap_function *function = borrow(native, "same_int");

    cr_expect(eq(ptr, (void *)ffitap_function_borrow_result(function),
                 (void *)ffitap_type_borrow(FFITAP_TYPE_INT)));
    cr_expect(eq(sz, ffitap_function_get_count(function), 0));
}

Test(core_declare, its_types_can_be_read_back)
{
    struct ffitap_function *function = borrow(native, "same_int");

    cr_assert(
        eq(int, ffitap_function_declare(function, "double (char, ...)", NULL, NULL), FFITAP_OK));
    cr_expect(eq(ptr, (void *)ffitap_function_borrow_result(function),
                 (void *)ffitap_type_borrow(FFITAP_TYPE_DOUBLE)));
    cr_assert(eq(sz, ffitap_function_get_count(function), 1));
    cr_expect(eq(ptr, (void *)ffitap_function_borrow_arguments(function)[0],
                 (void *)ffitap_type_borrow(FFITAP_TYPE_CHAR)));
}

Test(core_declare, types_that_were_refused_leave_the_former_ones)
{
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_VOID);
    struct ffitap_function *function = borrow_same(native, "same_int", FFITAP_TYPE_INT);
    int value = 5, result = 0;
    void *arguments[] = {&value};

    cr_expect(eq(int, ffitap_function_set_arguments(function, &type, 1, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(int, ffitap_function_call(function, &result, arguments, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 5));
}

Test(core_declare, a_result_of_null_is_what_it_was_at_first)
{
    struct ffitap_function *function = borrow_same(native, "same_int64", FFITAP_TYPE_INT64);
    int64_t value = -5000000000, wide = 0;
    int narrow = 0;
    void *arguments[] = {&value};

    cr_assert(eq(int, ffitap_function_call(function, &wide, arguments, 1, NULL), FFITAP_OK));
    cr_expect(eq(i64, wide, value));
    cr_assert(eq(int, ffitap_function_set_result(function, NULL, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_call(function, &narrow, arguments, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, narrow, (int)value));
}

Test(core_declare, cleared_arguments_are_undeclared)
{
    struct ffitap_function *function = borrow_same(native, "same_int", FFITAP_TYPE_INT);
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_SHORT);
    short value = -7;
    int result = 0;

    cr_assert(eq(int, ffitap_function_clear_arguments(function, NULL), FFITAP_OK));
    cr_expect(eq(int,
                 ffitap_function_call_extra(function, &result, (void *[]){&value}, 1, &type, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, result, -7));
}

Test(core_declare, nothing_declared_and_nothing_taken_are_called_alike)
{
    struct ffitap_function *answer = borrow(native, "answer");
    int before = 0, after = 0;

    cr_expect(eq(int, ffitap_function_call(answer, &before, NULL, 0, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(answer, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(answer, &after, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, before, 42));
    cr_expect(eq(int, after, 42));
}

/* For the room on the stack libffi would take the sum of the sizes modulo 2^32. */
Test(core_declare, what_no_stack_has_room_for_together_is_not_passed)
{
    struct ffitap_function *answer = borrow(native, "answer");
    struct ffitap_type *half = STRUCT({NULL, array(T(INT8), (size_t)1 << 30)});
    const struct ffitap_type *types[] = {half, half, half, half, T(INT)};
    struct ffitap_error error = {0};
    int value = 0;
    void *arguments[] = {&value, &value, &value, &value, &value};

    cr_expect(eq(int, ffitap_function_set_arguments(answer, types, 5, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "the arguments of answer are too large to be passed together"));
    cr_expect(eq(int, ffitap_function_call_extra(answer, NULL, arguments, 5, types, NULL),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(int, ffitap_function_set_arguments(answer, types, 1, NULL), FFITAP_OK));
    ffitap_type_destroy(half);
}
