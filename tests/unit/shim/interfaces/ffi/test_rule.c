#include "shim/interfaces/ffi/rule.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

/* Not inline: if the compiler knew the names, it would warn of what cannot happen. */
static __attribute__((noinline)) bool is_libffi(const char *soname)
{
    return ffitap__ffi_rule_is_libffi(soname);
}

Test(ffi_rule, knows_libffi_by_its_name)
{
    cr_expect(is_libffi("libffi.so.8"));
    cr_expect(is_libffi("libffi.so"));
}

Test(ffi_rule, knows_the_one_that_a_package_brings_along)
{
    cr_expect(is_libffi("libffi-806b1a9d.so.8.1.0"));
}

Test(ffi_rule, takes_no_other_library_for_it)
{
    cr_expect(not(is_libffi("")));
    cr_expect(not(is_libffi("libffi")));
    cr_expect(not(is_libffi("libffi8.so")));
    cr_expect(not(is_libffi("libffi-platypus.so")));
    cr_expect(not(is_libffi("libffitap.so.0")));
    cr_expect(not(is_libffi("_ctypes.so")));
}
