/* The types of a function or callback, and the call interface that libffi prepared for them. */
#ifndef FFITAP_CORE_SIGNATURE_H
#define FFITAP_CORE_SIGNATURE_H

#include <ffi.h>
#include <stdbool.h>
#include <stddef.h>

#include <ffitap/status.h>
#include <ffitap/type.h>

struct ffitap__signature {
    ffi_cif cif; /* points into `ffi` */
    const struct ffitap_type *result;
    size_t count;
    size_t fixed;                     /* how many of them come before "..."; `count` without one */
    const struct ffitap_type **types; /* `count` of them, each held */
    ffi_type *ffi[];
};

/*
 * Prepares calls that return `result` and take `count` arguments of `types`, of which the first
 * `fixed` come before "..."; `fixed` equals `count` if the function is not variadic. To be released
 * with ffitap__signature_destroy(). Fails, with `what` in the text, as the public functions that
 * take types say; then `*out` is left untouched.
 */
enum ffitap_status ffitap__signature_create(const char *what, ffi_abi abi,
                                            const struct ffitap_type *result,
                                            const struct ffitap_type *const *types, size_t fixed,
                                            size_t count, struct ffitap__signature **out,
                                            struct ffitap_error *error);

/* NULL is allowed. */
void ffitap__signature_destroy(struct ffitap__signature *signature);

/* The two steps of ffitap__signature_create(), for a call that has types of its own. */

/* Checks the argument at `index`, from 0, which comes after "..." if it is `variadic`. */
enum ffitap_status ffitap__signature_check_argument(const struct ffitap_type *type, size_t index,
                                                    bool variadic, struct ffitap_error *error);

/* Prepares `cif`, which goes on pointing to `types`, for types that were checked. */
enum ffitap_status ffitap__signature_prepare(const char *what, ffi_abi abi, ffi_type *result,
                                             ffi_type **types, size_t fixed, size_t count,
                                             ffi_cif *cif, struct ffitap_error *error);

#endif
