/* What a type is made of. */
#ifndef FFITAP_CORE_TYPE_H
#define FFITAP_CORE_TYPE_H

#include <ffi.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <ffitap/status.h>
#include <ffitap/type.h>

enum ffitap__type_shape {
    FFITAP__FUNDAMENTAL,
    FFITAP__STRUCT,
    FFITAP__UNION,
    FFITAP__ARRAY,
};

struct ffitap_type {
    size_t size;
    size_t alignment;
    ffi_type *ffi; /* NULL if libffi cannot be told how to pass it */
    enum ffitap__type_shape shape;
    enum ffitap_basic_type basic; /* of a fundamental one */
    _Atomic unsigned references;  /* not counted for a fundamental one, which is constant */
};

/* Keeps `type` alive, or no longer. Returns it. */
const struct ffitap_type *ffitap__type_retain(const struct ffitap_type *type);
void ffitap__type_release(const struct ffitap_type *type);

/*
 * Whether a function can take (`is_result` false) or return a value of `type`. `what` is how the
 * text begins: "argument 3", "the result".
 */
enum ffitap_status ffitap__type_check_value(const struct ffitap_type *type, bool is_result,
                                            const char *what, struct ffitap_error *error);

#endif
