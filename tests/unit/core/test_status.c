#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>

#include <ffitap/ffitap.h>

#include "core/fail.h"

Test(core_status, each_status_has_a_message)
{
    cr_expect(eq(str, (char *)ffitap_status_text(FFITAP_OK), "success"));
    cr_expect(eq(str, (char *)ffitap_status_text(FFITAP_NOT_SUPPORTED), "not supported here"));
}

Test(core_status, what_is_no_status_is_unknown)
{
    cr_expect(eq(str, (char *)ffitap_status_text((enum ffitap_status)99), "unknown status"));
}

Test(core_status, the_first_cause_stands)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap__fail(&error, FFITAP_NOT_FOUND, "first %d", 1), FFITAP_NOT_FOUND));
    cr_expect(eq(int, ffitap__fail(&error, FFITAP_NO_MEMORY, "second"), FFITAP_NO_MEMORY));
    cr_expect(eq(int, error.status, FFITAP_NOT_FOUND));
    cr_expect(eq(str, error.text, "first 1"));
}

Test(core_status, a_failure_needs_no_explanation_and_keeps_errno)
{
    errno = 5;
    cr_expect(eq(int, ffitap__fail(NULL, FFITAP_NOT_FOUND, "unheard"), FFITAP_NOT_FOUND));
    cr_expect(eq(int, errno, 5));
}

Test(core_status, the_version_is_the_one_of_the_headers)
{
    char numbers[32];

    snprintf(numbers, sizeof(numbers), "%d.%d.%d", FFITAP_VERSION_MAJOR, FFITAP_VERSION_MINOR,
             FFITAP_VERSION_PATCH);
    cr_expect(eq(str, (char *)ffitap_version(), FFITAP_VERSION));
    cr_expect(eq(str, (char *)ffitap_version(), numbers));
}

Test(core_status, a_type_is_as_large_as_in_c)
{
    cr_expect(eq(sz, ffitap_type_get_size(ffitap_type_borrow(FFITAP_TYPE_VOID)), 0));
#define X(name, c_type, ffi)                                                                       \
    cr_expect(eq(sz, ffitap_type_get_size(ffitap_type_borrow(FFITAP_TYPE_##name)), sizeof(c_type)));
    FFITAP_TYPE_MAP(X)
#undef X
}

Test(core_status, what_is_no_type_is_null)
{
    cr_expect(eq(
        ptr, (void *)ffitap_type_borrow((enum ffitap_basic_type)(FFITAP_TYPE_PYOBJECT + 1)), NULL));
    cr_expect(eq(ptr, (void *)ffitap_type_borrow((enum ffitap_basic_type) - 1), NULL));
}
