/* Libraries: what ctypes calls CDLL, PyDLL, WinDLL and OleDLL. */
#ifndef FFITAP_LIBRARY_H
#define FFITAP_LIBRARY_H

#include <dlfcn.h>

#include <ffitap/export.h>
#include <ffitap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A library that the dynamic linker loaded for us, and the functions that were looked up in it.
 * Every thread may use it at the same time as others.
 */
struct ffitap_library;

/* How a library's functions are called. Values are part of the ABI. */
enum ffitap_library_kind {
    FFITAP_CDLL = 0,   /* the interpreter lock is released around each call */
    FFITAP_PYDLL = 1,  /* the lock is kept: the functions use the interpreter's own interface; an
                          error that they leave in the interpreter fails the call */
    FFITAP_WINDLL = 2, /* as CDLL, with Microsoft's calling convention and no arguments beyond the
                          declared ones: functions made with __attribute__((ms_abi)) */
    FFITAP_OLEDLL = 3, /* as WINDLL, and functions return an HRESULT until set otherwise */
};

/* Bits of a library's flags. */
enum ffitap_library_flag {
    FFITAP_USE_ERRNO = 1u << 0,      /* exchange errno around each call: <ffitap/errno.h> */
    FFITAP_USE_LAST_ERROR = 1u << 1, /* exchange the last error, too: described there */
};

/* The platform's modes of loading. If the platform lacks one, the value is what ctypes takes
 * instead (CPython: _ctypes_add_objects()). FFITAP_DEFAULT_MODE is what CDLL(name) asks for. */
#ifdef RTLD_LOCAL
#define FFITAP_RTLD_LOCAL RTLD_LOCAL
#else
#define FFITAP_RTLD_LOCAL 0
#endif
#ifdef RTLD_GLOBAL
#define FFITAP_RTLD_GLOBAL RTLD_GLOBAL
#else
#define FFITAP_RTLD_GLOBAL FFITAP_RTLD_LOCAL
#endif
#define FFITAP_DEFAULT_MODE FFITAP_RTLD_LOCAL

/*
 * Loads the library `name` as dlopen(3) finds it. The caller owns `*out` and releases it with
 * ffitap_library_destroy(). If `name` is NULL or "", the library is the main program with all that
 * is in the global scope. `mode` is FFITAP_DEFAULT_MODE, FFITAP_RTLD_GLOBAL, RTLD_NODELETE, ...;
 * RTLD_NOW is always added (CPython: py_dl_open()). `flags` are bits of enum ffitap_library_flag.
 *
 * Asking twice gives two objects with the same handle and functions of their own. The interpreter
 * lock is not released while the library loads, its constructors included, as in ctypes.
 *
 * dlopen(3) searches on behalf of its caller, which is libffitap.so: the RPATH and RUNPATH of the
 * object that calls this function are not searched. Give a path, or set LD_LIBRARY_PATH.
 *
 * FFITAP_LOAD_FAILED explains itself with dlerror(3)'s text, FFITAP_BAD_ARGUMENT is for a kind or
 * flags that do not exist, FFITAP_NOT_SUPPORTED says that this platform has no such calling
 * convention. On failure `*out` is left untouched. Unless the environment says FFITAP_LTTNG=0, the
 * first library that a process asks for loads the LTTng-UST provider from libffitap's directory, if
 * it is there.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_library_create(const char *name, enum ffitap_library_kind kind, int mode, unsigned flags,
                      struct ffitap_library **out, struct ffitap_error *error);

/*
 * A library object for what was loaded already: `handle` is kept as it is, nothing is loaded, and
 * `name`, which may be NULL, is only remembered (ctypes: CDLL(name, handle=handle)). The handle
 * must come from dlopen(3) and stays the caller's, who must not close it while the object or one of
 * its functions is in use. NULL means RTLD_DEFAULT. RTLD_NEXT is allowed as well. Both are taken as
 * seen from libffitap.so. Otherwise as ffitap_library_create().
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_library_adopt(const char *name, void *handle, enum ffitap_library_kind kind, unsigned flags,
                     struct ffitap_library **out, struct ffitap_error *error);

/*
 * Releases `library` and every function that was borrowed from it; functions created from it stay
 * usable. As in ctypes the library itself is not unloaded: dlclose(3) is never called, its code
 * stays mapped and addresses out of it stay valid until the process ends. NULL is allowed.
 */
FFITAP_API void ffitap_library_destroy(struct ffitap_library *library);

/* The name as it was asked for or given; NULL if NULL was. It belongs to the library, and lives as
 * long as that. */
FFITAP_API const char *ffitap_library_borrow_name(const struct ffitap_library *library);

/* What dlopen(3) returned, or what was adopted. */
FFITAP_API void *ffitap_library_get_handle(const struct ffitap_library *library);

/* The kind and the flags with which the library was created or adopted. */
FFITAP_API enum ffitap_library_kind ffitap_library_get_kind(const struct ffitap_library *library);
FFITAP_API unsigned ffitap_library_get_flags(const struct ffitap_library *library);

#ifdef __cplusplus
}
#endif

#endif
