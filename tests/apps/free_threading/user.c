/* Makes foreign calls as an extension module does. Some calls give up the lock, or detach the
 * thread if there is no lock; others do not. */
#include <ffi.h>
#include <stdlib.h>

#include "stub.h"

static void call(void)
{
    ffi_type *type = &ffi_type_sint;
    int value = -1;
    void *arguments[] = {&value};
    ffi_arg result = 0;
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, type, &type) == FFI_OK)
        ffi_call(&cif, FFI_FN(abs), &result, arguments);
}

int make_calls(int windows, int kept, int lock);

/* Makes so many calls of each kind. Returns how many there were in all. */
int make_calls(int windows, int kept, int lock)
{
    stub_turn_lock(lock);
    for (int i = 0; i < windows; i++) {
        void *released = PyEval_SaveThread();

        call();
        PyEval_RestoreThread(released);
    }
    for (int i = 0; i < kept; i++)
        call();
    return windows + kept;
}
