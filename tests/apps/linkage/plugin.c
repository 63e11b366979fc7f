/* Its constructor tells the program what it can do, as those of plugins may. Its calls go through a
 * slot that is bound lazily. */
#include <ffi.h>
#include <stdlib.h>

extern int (*plugin)(int value);

static int absolute(int value)
{
    ffi_type *type = &ffi_type_sint;
    void *arguments[] = {&value};
    ffi_arg result = 0;
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, type, &type) == FFI_OK)
        ffi_call(&cif, FFI_FN(abs), &result, arguments);
    return (int)result;
}

__attribute__((constructor)) static void announce(void)
{
    plugin = absolute;
}
