/* What is hooked where. One file per hooked interface fills in its part. */
#ifndef FFITAP_SHIM_HOOK_H
#define FFITAP_SHIM_HOOK_H

#include "shim/slot.h"
#include "tap/object.h"

/* A function to hook: its name, what takes its place, and what the shim itself gets by the name. */
struct ffitap__hook {
    const char *name;
    void *replacement;
    void *real;
};

/* dlopen and its family, hooked in every object (dl.c). */
enum ffitap__dl {
    FFITAP__DLOPEN,
    FFITAP__DLMOPEN,
    FFITAP__DLCLOSE,
    FFITAP__DLSYM,
    FFITAP__DLVSYM,
    FFITAP__DLERROR,
    FFITAP__DLINFO,
    FFITAP__DL_COUNT,
};
extern const struct ffitap__hook ffitap__dl_hooks[FFITAP__DL_COUNT];

/* What dl.c keeps with each object that it hooks or is called from. */
struct ffitap__dl_notes {
    void *original[FFITAP__DL_COUNT]; /* NULL: as for the shim itself */
    uintptr_t return_site;            /* in this object; 0 if there is none */
};

/* What closes descriptors by the range, hooked in every object (fd.c). */
#define FFITAP__FD_COUNT 2
extern const struct ffitap__hook ffitap__fd_hooks[FFITAP__FD_COUNT];

/* LTTng's descriptors are this process's from now on: at the start, and in a child of fork(2). */
void ffitap__fd_guard_this_process(void);

/* What runs another program, hooked in every object (exec.c). */
#define FFITAP__EXEC_COUNT 13
extern const struct ffitap__hook ffitap__exec_hooks[FFITAP__EXEC_COUNT];

/* What makes foreign calls, and what surrounds them, in an object that imports any of the first
 * (ffi.c). */
enum ffitap__ffi {
    FFITAP__FFI_CALL,
    FFITAP__FFI_CALL_PLAN,
    FFITAP__FFI_CALL_GO,
    FFITAP__FFI_LAST_CALL = FFITAP__FFI_CALL_GO,
    FFITAP__FFI_RELEASE_LOCK,
    FFITAP__FFI_TAKE_LOCK,
    FFITAP__FFI_ERRNO,
    FFITAP__FFI_PREPARE_CLOSURE_AT,
    FFITAP__FFI_PREPARE_CLOSURE,
    FFITAP__FFI_FREE_CLOSURE,
    FFITAP__FFI_CALL_WITHOUT_LOCK,
    FFITAP__FFI_COUNT,
};

/* Which of these a slot's name means; -1 if none. `known` is that name, for ever. */
int ffitap__ffi_find(const char *name, const char **known);

/* What an object imports of these. */
struct ffitap__ffi_import {
    const char *name; /* NULL: nothing */
    void *target;     /* what the slot led to; NULL if it was not bound yet */
};

/*
 * Gives an object that makes calls the hooks of one of the pool's places; NULL if it makes none, is
 * libffi, or no place is left. With the tap's lock held.
 */
void *const *ffitap__ffi_enlist(const struct ffitap__object *object,
                                const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT]);

/*
 * Finds the originals and makes the runtimes known of what was enlisted since. `loaded` is an
 * address in what this thread has just loaded and keeps; NULL while nothing can be unloaded.
 * Without the tap's lock; clears dlerror(3)'s text.
 */
void ffitap__ffi_make_ready(const void *loaded);

#endif
