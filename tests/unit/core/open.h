/* What most tests of the core begin with. */
#ifndef FFITAP_TESTS_CORE_OPEN_H
#define FFITAP_TESTS_CORE_OPEN_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <ffitap/ffitap.h>

static inline struct ffitap_library *open_library(const char *name, enum ffitap_library_kind kind,
                                                  unsigned flags)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_library_create(name, kind, 0, flags, &library, &error), FFITAP_OK),
              "%s", error.text);
    return library;
}

static inline struct ffitap_function *borrow(struct ffitap_library *library, const char *name)
{
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_function_borrow(library, name, &function, &error), FFITAP_OK), "%s",
              error.text);
    return function;
}

/* `name` out of the library of native functions, taking one argument of `type` and giving one. */
static inline struct ffitap_function *borrow_same(struct ffitap_library *library, const char *name,
                                                  enum ffitap_basic_type basic)
{
    struct ffitap_function *function = borrow(library, name);
    const struct ffitap_type *type = ffitap_type_borrow(basic);

    cr_assert(eq(int, ffitap_function_set_result(function, type, NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(function, &type, 1, NULL), FFITAP_OK));
    return function;
}

#endif
