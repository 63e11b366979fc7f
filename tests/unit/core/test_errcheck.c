#include <errno.h>
#include <stdlib.h>

#include "lttng_double.h"
#include "open.h"

static struct ffitap_library *native;
static struct ffitap_function *same;

static void open_native(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    same = borrow_same(native, "same_int", FFITAP_TYPE_INT);
    lttng_double_reset();
}

TestSuite(core_errcheck, .init = open_native);

static struct {
    struct ffitap_function *function;
    void *result;
    int argument;
    size_t count;
} seen;

static enum ffitap_status replace(void *result, struct ffitap_function *function,
                                  void *const *arguments, size_t count, void *data,
                                  struct ffitap_error *error)
{
    (void)error;
    seen.function = function;
    seen.result = result;
    seen.argument = count ? *(int *)arguments[0] : 0;
    seen.count = count;
    if (data)
        *(int *)result += *(int *)data;
    return FFITAP_OK;
}

static enum ffitap_status refuse(void *result, struct ffitap_function *function,
                                 void *const *arguments, size_t count, void *data,
                                 struct ffitap_error *error)
{
    (void)result;
    (void)function;
    (void)arguments;
    (void)count;
    if (data && error) {
        error->status = FFITAP_CALL_FAILED;
        error->code = *(int *)data;
    }
    return FFITAP_CALL_FAILED;
}

Test(core_errcheck, it_sees_result_function_and_arguments_and_may_replace_the_result)
{
    int value = 5, added = 100, result = 0;

    ffitap_function_set_errcheck(same, replace, &added);
    cr_expect(eq(int, ffitap_function_call(same, &result, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 105));
    cr_expect(eq(ptr, seen.function, same));
    cr_expect(eq(int, seen.argument, 5));
    cr_expect(eq(sz, seen.count, 1));
}

Test(core_errcheck, it_fails_the_call_and_the_result_is_not_given)
{
    struct ffitap_error error = {0};
    int value = 5, result = -1;

    ffitap_function_set_errcheck(same, refuse, NULL);
    cr_expect(eq(int, ffitap_function_call(same, &result, (void *[]){&value}, 1, &error),
                 FFITAP_CALL_FAILED));
    cr_expect(eq(int, result, -1));
    cr_expect(eq(str, error.text, "the error check of 'same_int' failed the call"));
}

Test(core_errcheck, its_own_explanation_stands)
{
    struct ffitap_error error = {0};
    int value = 5, code = 77;

    ffitap_function_set_errcheck(same, refuse, &code);
    cr_expect(eq(int, ffitap_function_call(same, NULL, (void *[]){&value}, 1, &error),
                 FFITAP_CALL_FAILED));
    cr_expect(eq(int, error.code, 77));
    cr_expect(eq(str, error.text, ""));
}

Test(core_errcheck, it_runs_although_nobody_wants_the_result)
{
    int value = 5;

    ffitap_function_set_errcheck(same, replace, NULL);
    cr_expect(eq(int, ffitap_function_call(same, NULL, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(ne(ptr, seen.result, NULL));
}

Test(core_errcheck, there_is_no_result_of_a_function_that_returns_nothing)
{
    struct ffitap_function *note = borrow_same(native, "note", FFITAP_TYPE_INT);
    int value = 5;

    cr_assert(eq(int, ffitap_function_set_result(note, ffitap_type_borrow(FFITAP_TYPE_VOID), NULL),
                 FFITAP_OK));
    seen.result = &seen;
    ffitap_function_set_errcheck(note, replace, NULL);
    cr_expect(eq(int, ffitap_function_call(note, NULL, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(ptr, seen.result, NULL));
}

Test(core_errcheck, it_stays_when_types_change_and_goes_when_it_is_taken_away)
{
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_INT);
    int value = 5, added = 1, with = 0, without = 0;

    ffitap_function_set_errcheck(same, replace, &added);
    cr_assert(eq(int, ffitap_function_set_arguments(same, &type, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(same, &with, (void *[]){&value}, 1, NULL), FFITAP_OK));
    ffitap_function_set_errcheck(same, NULL, NULL);
    cr_expect(
        eq(int, ffitap_function_call(same, &without, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, with, 6));
    cr_expect(eq(int, without, 5));
}

Test(core_errcheck, it_leaves_errno_as_the_native_code_did)
{
    struct ffitap_function *exchange = borrow_same(native, "exchange_errno", FFITAP_TYPE_INT);
    int value = 33;

    ffitap_function_set_errcheck(exchange, replace, NULL);
    cr_expect(
        eq(int, ffitap_function_call(exchange, NULL, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, errno, 33));
}

Test(core_errcheck, on_one_object_it_is_not_on_another)
{
    struct ffitap_function *fresh = NULL;
    int added = 100, result = 0;

    cr_assert(eq(int, ffitap_function_create(native, "answer", &fresh, NULL), FFITAP_OK));
    ffitap_function_set_errcheck(fresh, replace, &added);
    cr_expect(
        eq(int, ffitap_function_call(borrow(native, "answer"), &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 42));
    ffitap_function_destroy(fresh);
}

static struct ffitap_function *changing;

/* Takes away, during the call, its own error check and the type of its result, which the function
 * object then no longer owns. */
static int take_errcheck_away(void)
{
    const struct ffitap_type *nothing = ffitap_type_borrow(FFITAP_TYPE_VOID);

    ffitap_function_set_errcheck(changing, NULL, NULL);
    cr_expect(eq(int, ffitap_function_set_result(changing, nothing, NULL), FFITAP_OK));
    return 5;
}

Test(core_errcheck, a_call_has_the_one_that_it_began_with)
{
    const struct ffitap_field field = {"value", ffitap_type_borrow(FFITAP_TYPE_INT)};
    struct ffitap_type *whole = NULL;
    int added = 100, result = 0;

    cr_assert(eq(int,
                 ffitap_function_create_at((void *)take_errcheck_away, NULL, FFITAP_CDLL, 0,
                                           &changing, NULL),
                 FFITAP_OK));
    cr_assert(eq(int, ffitap_type_create_struct(&field, 1, &whole, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_result(changing, whole, NULL), FFITAP_OK));
    ffitap_type_destroy(whole);
    ffitap_function_set_errcheck(changing, replace, &added);
    cr_expect(eq(int, ffitap_function_call(changing, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 105));
    ffitap_function_destroy(changing);
}
