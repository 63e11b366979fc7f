/*
 * The objects that make foreign calls. Each has a place in a small pool, and with it hooks of its
 * own. So its original functions (in a bundled libffi of another version, for example) and its
 * runtime are found at no cost per call. ffi.c asks for the places, hooks.c has the hooks.
 */
#ifndef FFITAP_SHIM_INTERFACES_FFI_USER_H
#define FFITAP_SHIM_INTERFACES_FFI_USER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shim/interfaces/ffi/closure.h"
#include "shim/interfaces/ffi/rule.h"
#include "tap/base/fast.h"
#include "tap/known/free_threading.h"
#include "tap/known/scan.h"

/* The functions that make foreign calls, up to FFITAP__FFI_LAST_CALL, and those around them. They
 * are hooked in an object that imports any of the former (ffi.c). */
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

/* What an object imports of these. */
struct ffitap__ffi_import {
    const char *name; /* NULL: nothing */
    void *target;     /* what the slot led to; NULL if it was not bound yet */
};

/* A function that an object imports, with what the hook of a call needs beside its original. */
struct ffitap__ffi_door {
    void *_Atomic original;        /* NULL: not bound yet, or not imported */
    _Atomic uint16_t runtime;      /* the user's */
    uint8_t which;                 /* enum ffitap__ffi */
    bool has_lock;                 /* the user imports the functions of an interpreter lock */
    _Atomic bool is_free_threaded; /* the lock may be off; see ffitap__ffi_look() */
};

/* One object that makes foreign calls. */
struct ffitap__ffi_user {
    struct ffitap__ffi_door doors[FFITAP__FFI_COUNT];
    const char *names[FFITAP__FFI_COUNT]; /* by which it imports each; NULL: it does not */
    _Atomic unsigned unbound;             /* a bit each: imported, but not found yet */
    _Atomic bool is_lock_told;            /* the kind of its lock was made known */
    const char *lock;                     /* the function that gives its lock up, or "" */
    _Atomic uint16_t runtime;             /* 0 until reported */
    const struct ffitap__free_threading *_Atomic build; /* NULL: not known to do without a lock */
    _Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1];  /* more ids, for a lock that may be off */
    struct ffitap__closure_owner closures;
    uintptr_t return_site; /* see arch/arch.h */
    const char *path;      /* NULL: a free place */
};

/* These are declared hidden, too, so that the hooks reach their places without a detour through a
 * table. */
#define FFITAP__FFI_HIDDEN __attribute__((visibility("hidden")))

FFITAP__FFI_HIDDEN extern struct ffitap__ffi_user ffitap__ffi_users[FFITAP__FFI_USER_MAX];

/* The hooks of each place: one set for most objects, and one for an object that has plans of its
 * own, which may pass calls on. */
FFITAP__FFI_HIDDEN extern void *const ffitap__ffi_pool[FFITAP__FFI_USER_MAX][2][FFITAP__FFI_COUNT];

/*
 * Gives an object that makes calls a place of its own; NULL if none is left. With the tap's lock
 * held.
 */
FFITAP__FFI_HIDDEN struct ffitap__ffi_user *
ffitap__ffi_user_enlist(const struct ffitap__object *object,
                        const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT]);

/*
 * Finds the original functions of the objects that were enlisted since, and makes their runtimes
 * known. `loaded` is an address in an object that this thread has just loaded and keeps; NULL while
 * nothing can be unloaded. Must be called without the tap's lock; clears dlerror(3)'s text.
 */
FFITAP__FFI_HIDDEN void ffitap__ffi_user_make_ready(const void *loaded);

FFITAP__FFI_HIDDEN void *ffitap__ffi_find_original(struct ffitap__ffi_door *door);

/* What a call is reported with: its runtime's id, and whether there is a lock that it keeps if it
 * has no window. */
struct ffitap__ffi_way {
    uint16_t runtime;
    bool has_lock;
};

/* What a call is reported with that this thread is about to make in a free-threaded interpreter. */
FFITAP__FFI_HIDDEN struct ffitap__ffi_way ffitap__ffi_look(struct ffitap__ffi_door *door);

/* What the user's slot led to before it was hooked, or what it would have been bound to. */
static inline void *ffitap__ffi_original(struct ffitap__ffi_door *door)
{
    void *known = atomic_load_explicit(&door->original, memory_order_relaxed);

    return FFITAP__LIKELY(known != NULL) ? known : ffitap__ffi_find_original(door);
}

#endif
