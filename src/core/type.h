/* What a type is made of. */
#ifndef FFITAP_CORE_TYPE_H
#define FFITAP_CORE_TYPE_H

#include <ffi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <ffitap/status.h>
#include <ffitap/type.h>

enum ffitap__type_shape {
    FFITAP__FUNDAMENTAL,
    FFITAP__STRUCT,
    FFITAP__UNION,
    FFITAP__ARRAY,
};

/* Which of a value's first 16 bytes belong to which class. Each byte has a bit, the first byte the
 * lowest. */
struct ffitap__type_bytes {
    uint16_t integer;     /* and pointers */
    uint16_t floating;    /* float and double */
    uint16_t long_double; /* its padding as well */
};

struct ffitap_type {
    size_t size;
    size_t alignment;
    ffi_type *ffi; /* whole from the start: libffi writes only into types without a size */
    enum ffitap__type_shape shape;
    enum ffitap_basic_type basic;    /* of a fundamental one */
    struct ffitap__type_bytes bytes; /* of all others */
    bool is_in_memory;               /* neither it nor what contains it is passed in registers */
    _Atomic unsigned references;     /* not counted for a fundamental one, which is constant */
};

/* The first keeps `type` alive and returns it; the second lets go of it. */
const struct ffitap_type *ffitap__type_retain(const struct ffitap_type *type);
void ffitap__type_release(const struct ffitap_type *type);

/*
 * Whether a function can take (`is_result` false) or return a value of `type`. `what` is how the
 * text begins: "argument 3", "the result".
 */
enum ffitap_status ffitap__type_check_value(const struct ffitap_type *type, bool is_result,
                                            const char *what, struct ffitap_error *error);

#endif
