/* Functions that are given their types as one text. */
#include "open.h"
#include "types.h"

static struct ffitap_library *native, *aggregates;

static void open_both(void)
{
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    aggregates = open_library(AGGREGATES_LIBRARY, FFITAP_CDLL, 0);
}

static void close_both(void)
{
    ffitap_library_destroy(native);
    ffitap_library_destroy(aggregates);
}

TestSuite(core_prototype_declare, .init = open_both, .fini = close_both);

static enum ffitap_status declare(struct ffitap_function *function, const char *text,
                                  struct ffitap_error *error)
{
    return ffitap_function_declare(function, text, NULL, error);
}

static double call_same_double(struct ffitap_function *function)
{
    double value = 1.5, result = 0;
    void *arguments[] = {&value};

    cr_assert(eq(int, ffitap_function_call(function, &result, arguments, 1, NULL), FFITAP_OK));
    return result;
}

Test(core_prototype_declare, it_gives_a_function_its_types)
{
    struct ffitap_function *function = borrow(native, "same_double");

    cr_expect(eq(int, declare(function, "double same_double(double value);", NULL), FFITAP_OK));
    cr_expect(epsilon_eq(dbl, call_same_double(function), 1.5, 0));
}

Test(core_prototype_declare, a_prototype_without_a_name_is_for_every_function)
{
    struct ffitap_function *function = borrow(native, "same_double");

    cr_expect(eq(int, declare(function, "double (double)", NULL), FFITAP_OK));
    cr_expect(epsilon_eq(dbl, call_same_double(function), 1.5, 0));
}

Test(core_prototype_declare, another_functions_prototype_is_refused)
{
    struct ffitap_function *function = borrow(native, "same_double");
    struct ffitap_error error = {0};

    cr_expect(eq(int, declare(function, "double pow(double, double)", &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "character 8: the function is called 'same_double', not 'pow'"));
    cr_expect(eq(sz, error.position, 8));
}

Test(core_prototype_declare, a_function_that_only_has_an_address_takes_any_name)
{
    void *address = ffitap_function_get_address(borrow(native, "same_double"));
    struct ffitap_function *function = NULL;

    cr_assert(eq(int, ffitap_function_create_at(address, NULL, FFITAP_CDLL, 0, &function, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, declare(function, "double anything(double)", NULL), FFITAP_OK));
    cr_expect(epsilon_eq(dbl, call_same_double(function), 1.5, 0));
    ffitap_function_destroy(function);
}

Test(core_prototype_declare, a_text_that_makes_no_sense_leaves_the_former_types)
{
    struct ffitap_function *function = borrow(native, "same_double");
    struct ffitap_error error = {0};

    cr_assert(eq(int, declare(function, "double (double)", NULL), FFITAP_OK));
    cr_expect(eq(int, declare(function, "void (int, flaot)", &error), FFITAP_BAD_TYPE));
    cr_expect(eq(str, error.text, "character 12: 'flaot' is no type that is known"));
    cr_expect(epsilon_eq(dbl, call_same_double(function), 1.5, 0));
}

Test(core_prototype_declare, a_parameter_that_cannot_be_passed_leaves_the_former_types)
{
    struct ffitap_function *function = borrow(native, "same_double");
    struct ffitap_type *huge = STRUCT({NULL, array(T(INT8), (size_t)1 << 40)});
    struct ffitap_names *names = NULL;

    cr_assert(eq(int, ffitap_names_create(&names, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_names_add(names, "huge", huge, NULL), FFITAP_OK));
    cr_assert(eq(int, declare(function, "double (double)", NULL), FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_declare(function, "int (huge)", names, NULL), FFITAP_BAD_TYPE));
    cr_expect(epsilon_eq(dbl, call_same_double(function), 1.5, 0));
    ffitap_names_destroy(names);
    ffitap_type_destroy(huge);
}

Test(core_prototype_declare, void_declares_that_there_are_no_arguments)
{
    struct ffitap_function *function = borrow(native, "answer");
    int result = 0;

    cr_expect(eq(int, declare(function, "int answer(void)", NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(function, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 42));
}

Test(core_prototype_declare, empty_parentheses_leave_arguments_undeclared)
{
    struct ffitap_library *library = open_library(NATIVE, FFITAP_WINDLL, 0);
    struct ffitap_function *function = borrow(library, "same_int");
    const struct ffitap_type *types[] = {T(INT)};
    int value = 5;
    void *arguments[] = {&value};

    cr_assert(eq(int, declare(function, "void (void)", NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call_extra(function, NULL, arguments, 1, types, NULL),
                 FFITAP_BAD_TYPE));
    cr_expect(eq(int, declare(function, "void ()", NULL), FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_call_extra(function, NULL, arguments, 1, types, NULL), FFITAP_OK));
    ffitap_library_destroy(library);
}

Test(core_prototype_declare, what_follows_an_ellipsis_is_given_with_the_call)
{
    struct ffitap_library *library = open_library(NULL, FFITAP_CDLL, 0);
    struct ffitap_function *function = borrow(library, "snprintf");
    char text[16] = "";
    char *buffer = text;
    const char *format = "%.1f";
    size_t size = sizeof(text);
    double value = 2.5;
    void *arguments[] = {&buffer, &size, &format, &value};
    const struct ffitap_type *types[] = {T(DOUBLE)};

    cr_assert(eq(int, declare(function, "int snprintf(char *, size_t, const char *, ...)", NULL),
                 FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_call_extra(function, NULL, arguments, 4, types, NULL), FFITAP_OK));
    cr_expect(eq(str, text, "2.5"));
    ffitap_library_destroy(library);
}

Test(core_prototype_declare, microsofts_libraries_have_no_variadic_functions)
{
    struct ffitap_library *library = open_library(NATIVE, FFITAP_WINDLL, 0);
    struct ffitap_error error = {0};

    cr_expect(eq(int, declare(borrow(library, "same_int"), "int (int, ...)", &error),
                 FFITAP_NOT_SUPPORTED));
    cr_expect(eq(str, error.text, "'same_int' is of a library that has no variadic functions"));
    ffitap_library_destroy(library);
}

/* Twice the double that it is given. */
static void double_it(void *result, void *const *arguments, void *data)
{
    (void)data;
    *(double *)result = 2 * *(double *)arguments[0];
}

static enum ffitap_status create_declared(const char *text, struct ffitap_callback **out,
                                          struct ffitap_error *error)
{
    return ffitap_callback_create_declared(double_it, NULL, FFITAP_CDLL, text, NULL, 0, out, error);
}

Test(core_prototype_declare, it_gives_a_callback_its_types)
{
    struct ffitap_callback *callback = NULL;
    double (*code)(double);

    cr_assert(
        eq(int, create_declared("double compare(double value);", &callback, NULL), FFITAP_OK));
    *(void **)&code = ffitap_callback_get_code(callback);
    cr_expect(epsilon_eq(dbl, code(1.5), 3, 0));
    ffitap_callback_destroy(callback);
}

Test(core_prototype_declare, what_is_wrong_with_a_callbacks_prototype_has_its_place)
{
    struct ffitap_callback *callback = (void *)&native;
    struct ffitap_error error = {0};

    cr_expect(eq(int, create_declared("double (flaot value)", &callback, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(sz, error.position, 9));
    cr_expect(eq(ptr, callback, (void *)&native));
}

Test(core_prototype_declare, a_callback_is_not_variadic)
{
    struct ffitap_callback *callback = (void *)&native;
    struct ffitap_error error = {0};

    cr_expect(eq(int, create_declared("double (double, ...)", &callback, &error), FFITAP_BAD_TYPE));
    cr_expect(eq(
        str, error.text,
        "the prototype of a callback says all that it takes: no '...', and '(void)' for nothing"));
    cr_expect(eq(ptr, callback, (void *)&native));
}

Test(core_prototype_declare, a_callback_that_takes_nothing_says_so)
{
    struct ffitap_callback *callback = NULL;

    cr_expect(eq(int, create_declared("double ()", &callback, NULL), FFITAP_BAD_TYPE));
    cr_expect(eq(int, create_declared("double (void)", &callback, NULL), FFITAP_OK));
    ffitap_callback_destroy(callback);
}

Test(core_prototype_declare, structures_are_named_types)
{
    struct ffitap_function *function = borrow(aggregates, "give_two_floats");
    struct ffitap_type *type = STRUCT({"a", T(FLOAT)}, {"b", T(FLOAT)});
    struct ffitap_names *names = NULL;
    double before = 0.5;
    void *arguments[] = {&before};
    float result[2] = {0};

    cr_assert(eq(int, ffitap_names_create(&names, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_names_add(names, "two_floats", type, NULL), FFITAP_OK));
    ffitap_type_destroy(type);
    cr_expect(eq(
        int,
        ffitap_function_declare(function, "two_floats give_two_floats(double before)", names, NULL),
        FFITAP_OK));
    ffitap_names_destroy(names);
    cr_expect(eq(int, ffitap_function_call(function, result, arguments, 1, NULL), FFITAP_OK));
    cr_expect(epsilon_eq(flt, result[0], 1.5f, 0));
    cr_expect(epsilon_eq(flt, result[1], -2, 0));
}
