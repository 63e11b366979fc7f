/*
 * Callbacks of the runtimes: a closure of libffi's is prepared with a handler of ours in front of
 * the runtime's own, so that native code which calls it passes by the tap.
 *
 * `real` is the original function of libffi. The functions here change no errno, take no lock and
 * call no malloc, and may be called wherever libffi's own may be.
 */
#ifndef FFITAP_SHIM_INTERFACES_FFI_CLOSURE_H
#define FFITAP_SHIM_INTERFACES_FFI_CLOSURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How many closures can be known at a time. Calls of further closures are not seen. */
#define FFITAP__CLOSURE_MAX 262144u

typedef void ffitap__closure_handler(void *cif, void *result, void **arguments, void *data);

/* ffi_prep_closure_loc; FFI_OK is 0. */
typedef int ffitap__closure_prepare_at_function(void *closure, void *cif,
                                                ffitap__closure_handler *handler, void *data,
                                                void *code);
/* ffi_prep_closure, for closures that are their own code. */
typedef int ffitap__closure_prepare_function(void *closure, void *cif,
                                             ffitap__closure_handler *handler, void *data);
/* ffi_closure_free. */
typedef void ffitap__closure_free_function(void *closure);

/* The object that prepares closures. This must stay where it is for ever. */
struct ffitap__closure_owner {
    const _Atomic uint16_t *runtime; /* where the runtime's id stands once it has one */
    bool reads_data; /* looks its data up in the closure, where it must find its own */
};

int ffitap__closure_prepare_at(ffitap__closure_prepare_at_function *real,
                               const struct ffitap__closure_owner *owner, void *closure, void *cif,
                               ffitap__closure_handler *handler, void *data, void *code);
int ffitap__closure_prepare(ffitap__closure_prepare_function *real,
                            const struct ffitap__closure_owner *owner, void *closure, void *cif,
                            ffitap__closure_handler *handler, void *data);
void ffitap__closure_free(ffitap__closure_free_function *real, void *closure);

#endif
