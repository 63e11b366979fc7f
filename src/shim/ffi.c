/*
 * Foreign calls. Every object that imports ffi_call gets hooks of its own out of a small pool, so
 * that its originals (a bundled libffi of another version, say) and its runtime's name are found
 * at no cost per call.
 *
 * The hooks of one call come in this order, as every CPython from 2.7 to 3.13 makes them:
 *
 *     PyEval_SaveThread -> [__errno_location] -> ffi_call -> PyEval_RestoreThread
 *
 * While nobody listens each is one check and a jump. None ever takes the interpreter lock.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "shim/caller.h"
#include "shim/closure.h"
#include "shim/gvl.h"
#include "shim/hook.h"
#include "shim/runtimes.h"
#include "tap/call.h"
#include "tap/memory.h"
#include "tap/runtime.h"
#include "tap/tap.h"

/* The caller's stack pointer, which the hooks of one call share. */
#define CALLERS_STACK() ((uintptr_t)__builtin_dwarf_cfa())

typedef void ffi_call_function(void *cif, void (*function)(void), void *result, void **arguments);
typedef void *release_lock_function(void);
typedef void take_lock_function(void *state);
typedef int *errno_function(void);

/* One object that makes foreign calls. */
struct user {
    void *_Atomic original[FFITAP__FFI_COUNT]; /* NULL: not bound yet, or not imported */
    const char *name_of_call;                  /* by which it imports ffi_call */
    _Atomic unsigned unbound;                  /* a bit each: imported, but not found yet */
    bool has_lock;                             /* it imports the functions of an interpreter lock */
    const char *lock;                          /* the one that gives it up, or "" */
    _Atomic uint16_t runtime;                  /* 0 until reported */
    struct ffitap__closure_owner closures;
    uintptr_t return_site; /* see caller.h */
    const char *path;      /* NULL: a free place */
};

#define POOL_SIZE 16
static struct user users[POOL_SIZE];
static _Atomic unsigned user_count;

static const char *const names[FFITAP__FFI_COUNT] = {
    [FFITAP__FFI_CALL] = "ffi_call",
    [FFITAP__FFI_RELEASE_LOCK] = "PyEval_SaveThread",
    [FFITAP__FFI_TAKE_LOCK] = "PyEval_RestoreThread",
    [FFITAP__FFI_ERRNO] = "__errno_location",
    [FFITAP__FFI_PREPARE_CLOSURE_AT] = "ffi_prep_closure_loc",
    [FFITAP__FFI_PREPARE_CLOSURE] = "ffi_prep_closure",
    [FFITAP__FFI_FREE_CLOSURE] = "ffi_closure_free",
    [FFITAP__FFI_CALL_WITHOUT_LOCK] = "rb_thread_call_without_gvl",
};

/* ffi_call in the libffi that cffi's builds for every Linux bring along. */
static const char name_in_cffi[] = "cffistatic_ffi_call";

int ffitap__ffi_find(const char *name, const char **known)
{
    for (int i = 0; i < FFITAP__FFI_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *known = names[i];
            return i;
        }
    if (strcmp(name, name_in_cffi) != 0)
        return -1;
    *known = name_in_cffi;
    return FFITAP__FFI_CALL;
}

static void report_runtime(struct user *user)
{
    const char *name = ffitap__runtimes_find(user->path).name;
    uint16_t none = 0;

    atomic_compare_exchange_strong(&user->runtime, &none,
                                   ffitap__runtime_add(name, user->path, user->lock));
}

static const char *imported_name(const struct user *user, int which)
{
    return which == FFITAP__FFI_CALL ? user->name_of_call : names[which];
}

/* As dlsym(3) with RTLD_DEFAULT, asked by the object. */
static void *look_up_for(const struct user *user, int which)
{
    const char *name = imported_name(user, which);

    if (!user->return_site)
        return dlsym(RTLD_DEFAULT, name);
    return ffitap__caller_impersonate(user->return_site, (void *)dlsym, RTLD_DEFAULT,
                                      (uintptr_t)name, 0);
}

/*
 * A slot that was not bound when it was hooked: what the dynamic linker would have found for it,
 * and kept for as long as the object is there. In the object's own name, for what is found in ours
 * is kept for ever, and what the object alone has brought along is found in its name only; or among
 * that, if somebody stands before dlsym(3).
 *
 * Only while the object cannot go, because it is making a call or this thread has loaded it: who
 * unloaded it meanwhile would find it mapped still, and it would go when we close it.
 */
static void *find_for_object(const struct user *user, int which)
{
    void *found = look_up_for(user, which);
    void *object = found ? NULL : dlopen(user->path, RTLD_LAZY | RTLD_NOLOAD);

    if (object) {
        found = dlsym(object, imported_name(user, which));
        dlclose(object);
    }
    return found;
}

/*
 * What can be found while the object may go: all that the program has in sight and that was there
 * at start-up, and so stays. Asked by a handle, which keeps nothing.
 */
static void *find_at_start_up(const struct user *user, int which)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    void *found = program ? dlsym(program, imported_name(user, which)) : NULL;
    const struct ffitap__object *object = found ? ffitap__object_at(found) : NULL;

    return object && object->cause == FFITAP__OBJECT_AT_START_UP ? found : NULL;
}

static __attribute__((noinline)) void *find_original(struct user *user, enum ffitap__ffi which)
{
    const int saved = errno;
    void *found = find_for_object(user, which);

    atomic_store_explicit(&user->original[which], found, memory_order_relaxed);
    errno = saved;
    return found;
}

static inline void *original(struct user *user, enum ffitap__ffi which)
{
    void *known = atomic_load_explicit(&user->original[which], memory_order_relaxed);

    return FFITAP__LIKELY(known != NULL) ? known : find_original(user, which);
}

/* `wanted` has a bit for each; returns those that were found. */
static unsigned find_each(struct user *user, unsigned wanted,
                          void *(*find)(const struct user *user, int which))
{
    unsigned done = 0;

    for (int which = 0; which < FFITAP__FFI_COUNT; which++) {
        void *found = wanted & 1u << which ? find(user, which) : NULL;

        if (!found)
            continue;
        atomic_store_explicit(&user->original[which], found, memory_order_relaxed);
        done |= 1u << which;
    }
    return done;
}

/*
 * Not left to the first call: that would free an error's text which the program has not asked for
 * yet, and wait for a load under way, perhaps with the interpreter lock held. What may go is left
 * to the thread whose load has brought the object; what it does not find either need not be there.
 */
static void find_originals(struct user *user, unsigned unbound, const void *loaded)
{
    unsigned done = unbound;

    if (!loaded || ffitap__object_needs(loaded, user->path))
        find_each(user, unbound, find_for_object);
    else
        done = find_each(user, unbound, find_at_start_up);
    atomic_fetch_and_explicit(&user->unbound, ~done, memory_order_relaxed);
    dlerror();
}

static void make_ready(struct user *user, const void *loaded)
{
    const unsigned unbound = atomic_load_explicit(&user->unbound, memory_order_acquire);

    if (unbound)
        find_originals(user, unbound, loaded);
    if (!atomic_load_explicit(&user->runtime, memory_order_relaxed))
        report_runtime(user);
}

void ffitap__ffi_make_ready(const void *loaded)
{
    for (unsigned i = 0; i < atomic_load_explicit(&user_count, memory_order_acquire); i++)
        make_ready(&users[i], loaded);
}

static __attribute__((noinline)) void *release_lock_told(struct user *user)
{
    void *state = ((release_lock_function *)original(user, FFITAP__FFI_RELEASE_LOCK))();
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (self)
        ffitap__call_lock_released(self, user->runtime);
    return state;
}

/* While calls are only counted there is nothing to look at when the lock has been released. */
static void *release_lock_recorded(struct user *user)
{
    void *real =
        atomic_load_explicit(&user->original[FFITAP__FFI_RELEASE_LOCK], memory_order_relaxed);
    struct ffitap__thread *self = ffitap__thread_self;

    if (FFITAP__UNLIKELY(!real || !self || self->counting != ffitap__watch_state()))
        return release_lock_told(user);
    ffitap__call_note_window(self);
    return ((release_lock_function *)real)();
}

/*
 * Who holds the lock has no window open. Where one object has both the runtime and the interpreter,
 * PyGILState_Release() gives the lock up through the hook as well, often by a jump at its end, in
 * native code that asked for it: that is no window of the next call.
 */
static __attribute__((noinline)) void take_lock_recorded(void *state, struct user *user)
{
    take_lock_function *real = (take_lock_function *)original(user, FFITAP__FFI_TAKE_LOCK);
    struct ffitap__thread *self = ffitap__thread_self;

    ffitap__call_window_unused(self);
    if (!ffitap__call_wants_lock(self)) {
        real(state);
        return;
    }
    ffitap__call_lock_wanted(self);
    real(state);
    ffitap__call_lock_held(ffitap__thread_self, CALLERS_STACK());
}

static __attribute__((noinline)) int *errno_recorded(struct user *user, uintptr_t stack)
{
    int *where = ((errno_function *)original(user, FFITAP__FFI_ERRNO))();
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (self)
        ffitap__call_errno_asked(self, stack, *where);
    return where;
}

static __attribute__((noinline)) void call_recorded(void *cif, void (*function)(void), void *result,
                                                    void **arguments, struct user *user,
                                                    uintptr_t stack)
{
    ffi_call_function *real = (ffi_call_function *)original(user, FFITAP__FFI_CALL);
    struct ffitap__thread *self = ffitap__thread_get();
    struct ffitap__frame *frame =
        self ? ffitap__call_enter_slowly(self, user->runtime, (const void *)function,
                                         user->has_lock, stack)
             : NULL;

    real(cif, function, result, arguments);
    if (frame)
        ffitap__call_leave_here(stack);
}

/* A call that the filter leaves out is one check and a jump more. */
static __attribute__((noinline)) void call_other(void *cif, void (*function)(void), void *result,
                                                 void **arguments, struct user *user,
                                                 uintptr_t stack)
{
    ffi_call_function *real = (ffi_call_function *)original(user, FFITAP__FFI_CALL);
    struct ffitap__thread *self = ffitap__thread_self;

    if (self && ffitap__thread_leaves_out(self, (const void *)function, user->runtime)) {
        ffitap__call_forget_ahead(self);
        real(cif, function, result, arguments);
    } else {
        call_recorded(cif, function, result, arguments, user, stack);
    }
}

/* Apart, for what it takes is then not kept ready through the call. */
static __attribute__((noinline)) void leave_call(uintptr_t stack)
{
    ffitap__call_leave_here(stack);
}

/*
 * The arguments stay where they came, for the real call. That may not have been looked for: the
 * function may have been called through another copy of the library, which was unloaded since, and
 * the thread that hooked this one may be about to look still.
 */
static __attribute__((noinline)) void call_counted(void *cif, void (*function)(void), void *result,
                                                   void **arguments, struct user *user,
                                                   uintptr_t stack)
{
    ffi_call_function *real = (ffi_call_function *)atomic_load_explicit(
        &user->original[FFITAP__FFI_CALL], memory_order_relaxed);
    struct ffitap__thread *self = ffitap__thread_self;

    if (FFITAP__UNLIKELY(!real || !self ||
                         !ffitap__call_enter_counted(self, user->runtime, (const void *)function,
                                                     user->has_lock, stack))) {
        call_other(cif, function, result, arguments, user, stack);
        return;
    }
    real(cif, function, result, arguments);
    leave_call(stack);
}

#define DEFINE_HOOKS(n)                                                                            \
    static void *release_lock_##n(void)                                                            \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__emit_wants_calls()))                                          \
            return release_lock_recorded(&users[n]);                                               \
        return ((release_lock_function *)original(&users[n], FFITAP__FFI_RELEASE_LOCK))();         \
    }                                                                                              \
    static void take_lock_##n(void *state)                                                         \
    {                                                                                              \
        const struct ffitap__thread *self = ffitap__thread_self;                                   \
        if (FFITAP__UNLIKELY(self && (self->depth || self->window.open)))                          \
            take_lock_recorded(state, &users[n]);                                                  \
        else                                                                                       \
            ((take_lock_function *)original(&users[n], FFITAP__FFI_TAKE_LOCK))(state);             \
    }                                                                                              \
    static int *errno_##n(void)                                                                    \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__emit_wants_calls()))                                          \
            return errno_recorded(&users[n], CALLERS_STACK());                                     \
        return ((errno_function *)original(&users[n], FFITAP__FFI_ERRNO))();                       \
    }                                                                                              \
    static void ffi_call_##n(void *cif, void (*function)(void), void *result, void **arguments)    \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__emit_wants_calls()))                                          \
            call_counted(cif, function, result, arguments, &users[n], CALLERS_STACK());            \
        else                                                                                       \
            ((ffi_call_function *)original(&users[n], FFITAP__FFI_CALL))(cif, function, result,    \
                                                                         arguments);               \
    }

#define DEFINE_CLOSURE_HOOKS(n)                                                                    \
    static int prepare_closure_at_##n(void *closure, void *cif, ffitap__closure_handler *handler,  \
                                      void *data, void *code)                                      \
    {                                                                                              \
        ffitap__closure_prepare_at_function *real =                                                \
            original(&users[n], FFITAP__FFI_PREPARE_CLOSURE_AT);                                   \
        return ffitap__closure_prepare_at(real, &users[n].closures, closure, cif, handler, data,   \
                                          code);                                                   \
    }                                                                                              \
    static int prepare_closure_##n(void *closure, void *cif, ffitap__closure_handler *handler,     \
                                   void *data)                                                     \
    {                                                                                              \
        ffitap__closure_prepare_function *real = original(&users[n], FFITAP__FFI_PREPARE_CLOSURE); \
        return ffitap__closure_prepare(real, &users[n].closures, closure, cif, handler, data);     \
    }                                                                                              \
    static void free_closure_##n(void *closure)                                                    \
    {                                                                                              \
        ffitap__closure_free(original(&users[n], FFITAP__FFI_FREE_CLOSURE), closure);              \
    }

#define DEFINE_RUBY_HOOK(n)                                                                        \
    static void *call_without_lock_##n(ffitap__gvl_function *function, void *data,                 \
                                       ffitap__gvl_unblock_function *unblock, void *unblock_data)  \
    {                                                                                              \
        return ffitap__gvl_release(original(&users[n], FFITAP__FFI_CALL_WITHOUT_LOCK),             \
                                   &users[n].runtime, function, data, unblock, unblock_data);      \
    }

#define LIST_HOOKS(n)                                                                              \
    {                                                                                              \
        [FFITAP__FFI_CALL] = ffi_call_##n, [FFITAP__FFI_RELEASE_LOCK] = release_lock_##n,          \
        [FFITAP__FFI_TAKE_LOCK] = take_lock_##n, [FFITAP__FFI_ERRNO] = errno_##n,                  \
        [FFITAP__FFI_PREPARE_CLOSURE_AT] = prepare_closure_at_##n,                                 \
        [FFITAP__FFI_PREPARE_CLOSURE] = prepare_closure_##n,                                       \
        [FFITAP__FFI_FREE_CLOSURE] = free_closure_##n,                                             \
        [FFITAP__FFI_CALL_WITHOUT_LOCK] = call_without_lock_##n,                                   \
    }

/* One place in the pool each. */
DEFINE_HOOKS(0)
DEFINE_HOOKS(1)
DEFINE_HOOKS(2)
DEFINE_HOOKS(3)
DEFINE_HOOKS(4)
DEFINE_HOOKS(5)
DEFINE_HOOKS(6)
DEFINE_HOOKS(7)
DEFINE_HOOKS(8)
DEFINE_HOOKS(9)
DEFINE_HOOKS(10)
DEFINE_HOOKS(11)
DEFINE_HOOKS(12)
DEFINE_HOOKS(13)
DEFINE_HOOKS(14)
DEFINE_HOOKS(15)
DEFINE_CLOSURE_HOOKS(0)
DEFINE_CLOSURE_HOOKS(1)
DEFINE_CLOSURE_HOOKS(2)
DEFINE_CLOSURE_HOOKS(3)
DEFINE_CLOSURE_HOOKS(4)
DEFINE_CLOSURE_HOOKS(5)
DEFINE_CLOSURE_HOOKS(6)
DEFINE_CLOSURE_HOOKS(7)
DEFINE_CLOSURE_HOOKS(8)
DEFINE_CLOSURE_HOOKS(9)
DEFINE_CLOSURE_HOOKS(10)
DEFINE_CLOSURE_HOOKS(11)
DEFINE_CLOSURE_HOOKS(12)
DEFINE_CLOSURE_HOOKS(13)
DEFINE_CLOSURE_HOOKS(14)
DEFINE_CLOSURE_HOOKS(15)
DEFINE_RUBY_HOOK(0)
DEFINE_RUBY_HOOK(1)
DEFINE_RUBY_HOOK(2)
DEFINE_RUBY_HOOK(3)
DEFINE_RUBY_HOOK(4)
DEFINE_RUBY_HOOK(5)
DEFINE_RUBY_HOOK(6)
DEFINE_RUBY_HOOK(7)
DEFINE_RUBY_HOOK(8)
DEFINE_RUBY_HOOK(9)
DEFINE_RUBY_HOOK(10)
DEFINE_RUBY_HOOK(11)
DEFINE_RUBY_HOOK(12)
DEFINE_RUBY_HOOK(13)
DEFINE_RUBY_HOOK(14)
DEFINE_RUBY_HOOK(15)

static void *const pool[POOL_SIZE][FFITAP__FFI_COUNT] = {
    LIST_HOOKS(0),  LIST_HOOKS(1),  LIST_HOOKS(2),  LIST_HOOKS(3),  LIST_HOOKS(4),  LIST_HOOKS(5),
    LIST_HOOKS(6),  LIST_HOOKS(7),  LIST_HOOKS(8),  LIST_HOOKS(9),  LIST_HOOKS(10), LIST_HOOKS(11),
    LIST_HOOKS(12), LIST_HOOKS(13), LIST_HOOKS(14), LIST_HOOKS(15),
};

/* A library that is loaded again gets the place it had; no other place is ever given back. */
static struct user *find_place(const char *path)
{
    const unsigned count = atomic_load_explicit(&user_count, memory_order_relaxed);

    for (unsigned i = 0; i < count; i++)
        if (users[i].path == path)
            return &users[i];
    return count < POOL_SIZE ? &users[count] : NULL;
}

/* The function with which an object gives up an interpreter lock, and takes it again; "" if none.
 */
static const char *lock_of(const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT])
{
    static const enum ffitap__ffi locks[][2] = {
        {FFITAP__FFI_RELEASE_LOCK, FFITAP__FFI_TAKE_LOCK},
        {FFITAP__FFI_CALL_WITHOUT_LOCK, FFITAP__FFI_CALL_WITHOUT_LOCK},
    };

    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        if (imports[locks[i][0]].name && imports[locks[i][1]].name)
            return names[locks[i][0]];
    return "";
}

void *const *ffitap__ffi_enlist(const struct ffitap__object *object,
                                const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT])
{
    struct user *user = find_place(object->path);

    if (!user) {
        ffitap__tap_lose(FFITAP__LOST_RUNTIME);
        return NULL;
    }
    unsigned unbound = 0;
    for (int i = 0; i < FFITAP__FFI_COUNT; i++) {
        atomic_store_explicit(&user->original[i], imports[i].target, memory_order_relaxed);
        if (imports[i].name && !imports[i].target)
            unbound |= 1u << i;
    }
    user->name_of_call = imports[FFITAP__FFI_CALL].name;
    user->return_site = ((const struct ffitap__dl_notes *)object->notes)->return_site;
    atomic_store_explicit(&user->unbound, unbound, memory_order_release);
    user->lock = lock_of(imports);
    user->has_lock = *user->lock;
    user->closures = (struct ffitap__closure_owner){
        .runtime = &user->runtime,
        .reads_data = ffitap__runtimes_find(object->path).reads_data,
    };
    if (!user->path) {
        user->path = object->path;
        atomic_fetch_add_explicit(&user_count, 1, memory_order_release);
    }
    return pool[user - users];
}
