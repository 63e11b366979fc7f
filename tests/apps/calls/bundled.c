/*
 * A module that brings a libffi along and calls it through a slot. Its ffi_call has the name that
 * cffi gives the function in its builds for every Linux. Behind the name is the system's ffi_call.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <stddef.h>

void cffistatic_ffi_call(ffi_cif *cif, void (*function)(void), void *result, void **arguments);
int bundled_called(int argument);
int bundled_run(int times);

static void (*real)(ffi_cif *cif, void (*function)(void), void *result, void **arguments);

__attribute__((constructor)) static void find(void)
{
    void *libffi = dlopen("libffi.so.8", RTLD_NOW);

    *(void **)&real = libffi ? dlsym(libffi, "ffi_call") : NULL;
}

void cffistatic_ffi_call(ffi_cif *cif, void (*function)(void), void *result, void **arguments)
{
    real(cif, function, result, arguments);
}

int bundled_called(int argument)
{
    return argument + 1;
}

int bundled_run(int times)
{
    static ffi_type *types[] = {&ffi_type_sint};
    ffi_cif cif;
    int sum = 0;

    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types);
    for (int i = 0; i < times; i++) {
        void *arguments[] = {&i};
        ffi_arg result = 0;

        cffistatic_ffi_call(&cif, FFI_FN(bundled_called), &result, arguments);
        sum += (int)result;
    }
    return sum;
}
