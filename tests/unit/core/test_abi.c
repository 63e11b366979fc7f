#include "open.h"

#include "core/abi.h"

/* src/core/abi.c as it is built where libffi has only the platform's own convention. */
enum ffitap_status abi_of_another_platform(enum ffitap_library_kind kind, ffi_abi *abi,
                                           struct ffitap_error *error);

Test(core_abi, c_and_python_libraries_follow_the_platform)
{
    ffi_abi c = 0, python = 0;

    cr_expect(eq(int, ffitap__abi_of(FFITAP_CDLL, &c, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap__abi_of(FFITAP_PYDLL, &python, NULL), FFITAP_OK));
    cr_expect(eq(int, c, FFI_DEFAULT_ABI));
    cr_expect(eq(int, python, FFI_DEFAULT_ABI));
}

Test(core_abi, windows_and_ole_libraries_follow_microsoft)
{
    ffi_abi windows = 0, ole = 0;

    cr_expect(eq(int, ffitap__abi_of(FFITAP_WINDLL, &windows, NULL), FFITAP_OK));
    cr_expect(eq(int, ffitap__abi_of(FFITAP_OLEDLL, &ole, NULL), FFITAP_OK));
    cr_expect(eq(int, windows, FFI_GNUW64));
    cr_expect(eq(int, ole, FFI_GNUW64));
}

Test(core_abi, what_is_no_kind_is_refused)
{
    struct ffitap_error error = {0};
    ffi_abi abi;

    cr_expect(
        eq(int, ffitap__abi_of((enum ffitap_library_kind)9, &abi, &error), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "9 is no kind of library"));
}

Test(core_abi, a_platform_without_it_says_so)
{
    struct ffitap_error error = {0};
    ffi_abi abi;

    cr_expect(eq(int, abi_of_another_platform(FFITAP_OLEDLL, &abi, &error), FFITAP_NOT_SUPPORTED));
    cr_expect(eq(str, error.text, "libffi has no Microsoft calling convention on this platform"));
    cr_expect(eq(int, abi_of_another_platform(FFITAP_CDLL, &abi, NULL), FFITAP_OK));
}
