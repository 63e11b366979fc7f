/* How libffi, and the objects that call through it, are recognized: by the shim itself, and by
 * `ffitap doctor`, which tells what the shim would see. */
#ifndef FFITAP_SHIM_INTERFACES_FFI_RULE_H
#define FFITAP_SHIM_INTERFACES_FFI_RULE_H

#include <stdbool.h>
#include <string.h>

#define FFITAP__FFI_PLAN_NAME "ffi_call_plan_invoke"

/*
 * The functions that make a foreign call, by the names under which they are imported. The second is
 * ffi_call in the libffi that cffi's builds for every Linux bring along, which rename this function
 * and no other. Plans came with libffi 3.7: a plan is made ahead of the calls and does not say
 * which function will be called.
 */
#define FFITAP__FFI_CALL_MAP(X)                                                                    \
    X(CALL, "ffi_call")                                                                            \
    X(CALL, "cffistatic_ffi_call")                                                                 \
    X(CALL_PLAN, FFITAP__FFI_PLAN_NAME)                                                            \
    X(CALL_GO, "ffi_call_go")

/* The shim has hooks for so many objects, a set for each place of this list. */
#define FFITAP__FFI_EACH_PLACE(X)                                                                  \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define FFITAP__FFI_ONE_PLACE(n) +1
#define FFITAP__FFI_USER_MAX     (0 FFITAP__FFI_EACH_PLACE(FFITAP__FFI_ONE_PLACE))

/* Whether a library of that name is libffi. Python's packages bring it along as
 * libffi-HASH.so.VERSION. */
static inline bool ffitap__ffi_rule_is_libffi(const char *soname)
{
    static const char name[] = "libffi";

    if (strncmp(soname, name, sizeof(name) - 1) != 0)
        return false;
    const char *rest = soname + sizeof(name) - 1;

    if (*rest == '-')
        rest += 1 + strspn(rest + 1, "0123456789abcdef");
    return strncmp(rest, ".so", 3) == 0;
}

#endif
