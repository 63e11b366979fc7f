/* What a type is made of. */
#ifndef FFITAP_CORE_TYPE_H
#define FFITAP_CORE_TYPE_H

#include <ffi.h>

#include <ffitap/type.h>

struct ffitap_type {
    size_t size;
    ffi_type *ffi;
};

#endif
