/* Makes its first foreign call between a failure and the question for its text, through a slot that
 * is not bound yet. */
#include <dlfcn.h>
#include <ffi.h>
#include <stddef.h>
#include <stdio.h>

static void do_nothing(void)
{
}

int lazy_error(char *text, size_t size);

int lazy_error(char *text, size_t size)
{
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) != FFI_OK)
        return 0;
    if (dlopen("libdoes-not-exist.so.9", RTLD_NOW))
        return 0;
    ffi_call(&cif, do_nothing, NULL, NULL);

    const char *error = dlerror();
    snprintf(text, size, "%s", error ? error : "(none)");
    return 1;
}
