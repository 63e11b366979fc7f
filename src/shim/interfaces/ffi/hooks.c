/*
 * The hooks of foreign calls, a set for each place in the pool.
 *
 * The hooks of one call come in this order, which every CPython from 2.7 to 3.15 keeps. A call
 * through a plan, or one with a closure of Go's, stands in the place of ffi_call:
 *
 *     PyEval_SaveThread -> [__errno_location] -> ffi_call -> PyEval_RestoreThread
 *
 * While nobody listens, each hook is one check and a jump. No hook ever takes the interpreter lock.
 */
#include <stdatomic.h>

#include "shim/interfaces/ffi/closure.h"
#include "shim/interfaces/ffi/gvl.h"
#include "shim/interfaces/ffi/user.h"
#include "tap/calls/call.h"

/* The caller's stack pointer, which the hooks of one call share. */
#define CALLERS_STACK() ((uintptr_t)__builtin_dwarf_cfa())

/* ffi_call. ffi_call_plan_invoke has the same type, and is given a plan in the place of the cif. */
typedef void ffi_call_function(void *cif, void (*function)(void), void *result, void **arguments);
typedef void ffi_call_go_function(void *cif, void (*function)(void), void *result, void **arguments,
                                  void *closure);
typedef void *release_lock_function(void);
typedef void take_lock_function(void *state);
typedef int *errno_function(void);

/*
 * What a call is reported with. In a free-threaded interpreter this was found out when the lock was
 * given up, if it was; otherwise, or if the interpreter was not known to be free-threaded then, it
 * is found out now.
 */
static inline struct ffitap__ffi_way way_of(struct ffitap__ffi_door *door,
                                            struct ffitap__thread *self)
{
    if (FFITAP__LIKELY(!atomic_load_explicit(&door->is_free_threaded, memory_order_relaxed)))
        return (struct ffitap__ffi_way){door->runtime, door->has_lock};
    if (!self || !self->window.open || !self->window.runtime)
        return ffitap__ffi_look(door);

    const struct ffitap__ffi_way way = {self->window.runtime, self->window.had_lock};
    self->window.runtime = 0;
    return way;
}

/* The state of the lock is read while the thread is still attached, because it cannot change before
 * the thread has detached. */
static __attribute__((noinline)) void *release_free_threaded(struct ffitap__ffi_door *door)
{
    const struct ffitap__ffi_way way = ffitap__ffi_look(door);
    void *state = ((release_lock_function *)ffitap__ffi_original(door))();
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (self) {
        self->window.runtime = way.runtime;
        self->window.had_lock = way.has_lock;
        ffitap__call_lock_released(self, way.runtime);
    }
    return state;
}

/* The search for the real function comes first, because it may find out that this is a
 * free-threaded interpreter's. */
static __attribute__((noinline)) void *release_lock_told(struct ffitap__ffi_door *door)
{
    release_lock_function *real = (release_lock_function *)ffitap__ffi_original(door);

    if (atomic_load_explicit(&door->is_free_threaded, memory_order_relaxed))
        return release_free_threaded(door);
    void *state = real();
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (self)
        ffitap__call_lock_released(self, door->runtime);
    return state;
}

/* While calls are only counted, nothing has to be done after the lock has been released, and so the
 * real function comes last. */
static void *release_lock_recorded(struct ffitap__ffi_door *door)
{
    void *real = atomic_load_explicit(&door->original, memory_order_relaxed);
    struct ffitap__thread *self = ffitap__thread_self;

    if (FFITAP__UNLIKELY(!real || !self || self->counting != ffitap__watch_state() ||
                         atomic_load_explicit(&door->is_free_threaded, memory_order_relaxed)))
        return release_lock_told(door);
    ffitap__call_note_window(self);
    return ((release_lock_function *)real)();
}

/*
 * A thread that holds the lock has no window open, so an open one is closed here. Such a window may
 * come from PyGILState_Release(), in native code that had asked for the lock: if one object has
 * both the runtime and the interpreter, that function gives the lock up through the hook as well,
 * often by a jump at its end. It is no window of the next call.
 */
static __attribute__((noinline)) void take_lock_recorded(void *state, struct ffitap__ffi_door *door)
{
    take_lock_function *real = (take_lock_function *)ffitap__ffi_original(door);
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

static __attribute__((noinline)) int *errno_recorded(struct ffitap__ffi_door *door, uintptr_t stack)
{
    int *where = ((errno_function *)ffitap__ffi_original(door))();
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (self)
        ffitap__call_errno_asked(self, stack, *where);
    return where;
}

static __attribute__((noinline)) void call_recorded(void *cif, void (*function)(void), void *result,
                                                    void **arguments, struct ffitap__ffi_door *door,
                                                    uintptr_t stack)
{
    ffi_call_function *real = (ffi_call_function *)ffitap__ffi_original(door);
    struct ffitap__thread *self = ffitap__thread_get();
    struct ffitap__frame *frame =
        self ? ffitap__call_enter_slowly(self, door->runtime, (const void *)function,
                                         door->has_lock, stack)
             : NULL;

    real(cif, function, result, arguments);
    if (frame)
        ffitap__call_leave_here(stack);
}

/* For a call that the filter leaves out, this is one more check and a jump. */
static __attribute__((noinline)) void call_other(void *cif, void (*function)(void), void *result,
                                                 void **arguments, struct ffitap__ffi_door *door,
                                                 uintptr_t stack)
{
    ffi_call_function *real = (ffi_call_function *)ffitap__ffi_original(door);
    struct ffitap__thread *self = ffitap__thread_self;

    if (self && ffitap__thread_leaves_out(self, (const void *)function, door->runtime)) {
        ffitap__call_forget_ahead(self);
        real(cif, function, result, arguments);
    } else {
        call_recorded(cif, function, result, arguments, door, stack);
    }
}

/* A function of its own, so that the compiler does not keep its values in registers during the
 * foreign call. */
static __attribute__((noinline)) void leave_call(uintptr_t stack)
{
    ffitap__call_leave_here(stack);
}

/*
 * A call in a free-threaded interpreter, where the state of the lock has to be read before the real
 * call. That takes a function call. call_counted() makes no function call before the real one, and
 * so need not save the arguments: hence this is a function of its own.
 */
static __attribute__((noinline)) void call_free_threaded(void *cif, void (*function)(void),
                                                         void *result, void **arguments,
                                                         struct ffitap__ffi_door *door,
                                                         uintptr_t stack)
{
    ffi_call_function *real = (ffi_call_function *)ffitap__ffi_original(door);
    struct ffitap__thread *self = ffitap__thread_get();
    const struct ffitap__ffi_way way = way_of(door, self);
    struct ffitap__frame *frame = NULL;

    if (self && ffitap__thread_leaves_out(self, (const void *)function, way.runtime))
        ffitap__call_forget_ahead(self);
    else if (self)
        frame = ffitap__call_enter(self, way.runtime, (const void *)function, way.has_lock, stack);
    real(cif, function, result, arguments);
    if (frame)
        leave_call(stack);
}

/*
 * The arguments stay in their registers until the real call. The real function may not be known
 * yet, although the thread has called `function` before: it may have done so through another copy
 * of the library, which was unloaded since, and the thread that hooked this copy may not have
 * looked for the real function yet.
 */
static __attribute__((noinline)) void call_counted(void *cif, void (*function)(void), void *result,
                                                   void **arguments, struct ffitap__ffi_door *door,
                                                   uintptr_t stack)
{
    ffi_call_function *real =
        (ffi_call_function *)atomic_load_explicit(&door->original, memory_order_relaxed);
    struct ffitap__thread *self = ffitap__thread_self;

    if (FFITAP__UNLIKELY(atomic_load_explicit(&door->is_free_threaded, memory_order_relaxed))) {
        call_free_threaded(cif, function, result, arguments, door, stack);
        return;
    }
    if (FFITAP__UNLIKELY(!real || !self ||
                         !ffitap__call_enter_counted(self, door->runtime, (const void *)function,
                                                     door->has_lock, stack))) {
        call_other(cif, function, result, arguments, door, stack);
        return;
    }
    real(cif, function, result, arguments);
    leave_call(stack);
}

/* A call through a plan: as call_counted(), and noted for call_passed_on(). */
static __attribute__((noinline)) void call_planned(void *cif, void (*function)(void), void *result,
                                                   void **arguments, struct ffitap__ffi_door *door,
                                                   uintptr_t stack)
{
    struct ffitap__thread *self = ffitap__thread_get_ahead();

    if (self)
        ffitap__call_note_plan(self, (const void *)function, stack);
    call_counted(cif, function, result, arguments, door, stack);
}

/* As call_counted(), but the call may be one that a plan passes on. Such a call is counted already,
 * and so it only goes through. */
static __attribute__((noinline)) void call_passed_on(void *cif, void (*function)(void),
                                                     void *result, void **arguments,
                                                     struct ffitap__ffi_door *door, uintptr_t stack)
{
    const struct ffitap__thread *self = ffitap__thread_self;

    if (self && ffitap__call_is_plans(self, (const void *)function, stack))
        ((ffi_call_function *)ffitap__ffi_original(door))(cif, function, result, arguments);
    else
        call_counted(cif, function, result, arguments, door, stack);
}

/* A call with a closure of Go's. Such calls are rare, and so all of them go one way. */
static __attribute__((noinline)) void call_go_recorded(void *cif, void (*function)(void),
                                                       void *result, void **arguments,
                                                       void *closure, struct ffitap__ffi_door *door,
                                                       uintptr_t stack)
{
    ffi_call_go_function *real = (ffi_call_go_function *)ffitap__ffi_original(door);
    struct ffitap__thread *self = ffitap__thread_get();
    const struct ffitap__ffi_way way = way_of(door, self);
    struct ffitap__frame *frame =
        self ? ffitap__call_enter(self, way.runtime, (const void *)function, way.has_lock, stack)
             : NULL;

    real(cif, function, result, arguments, closure);
    if (frame)
        leave_call(stack);
}

#define DOOR(n, which) (&ffitap__ffi_users[n].doors[FFITAP__FFI_##which])

#define DEFINE_LOCK_HOOKS(n)                                                                       \
    static void *release_lock_##n(void)                                                            \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__lttng_wants_calls()))                                         \
            return release_lock_recorded(DOOR(n, RELEASE_LOCK));                                   \
        return ((release_lock_function *)ffitap__ffi_original(DOOR(n, RELEASE_LOCK)))();           \
    }                                                                                              \
    static void take_lock_##n(void *state)                                                         \
    {                                                                                              \
        const struct ffitap__thread *self = ffitap__thread_self;                                   \
        if (FFITAP__UNLIKELY(self && (self->depth || self->window.open)))                          \
            take_lock_recorded(state, DOOR(n, TAKE_LOCK));                                         \
        else                                                                                       \
            ((take_lock_function *)ffitap__ffi_original(DOOR(n, TAKE_LOCK)))(state);               \
    }

#define DEFINE_ERRNO_HOOK(n)                                                                       \
    static int *errno_##n(void)                                                                    \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__lttng_wants_calls()))                                         \
            return errno_recorded(DOOR(n, ERRNO), CALLERS_STACK());                                \
        return ((errno_function *)ffitap__ffi_original(DOOR(n, ERRNO)))();                         \
    }

#define DEFINE_CALL_HOOK(name, n, which, recorded)                                                 \
    static void name##_##n(void *cif, void (*function)(void), void *result, void **arguments)      \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__lttng_wants_calls()))                                         \
            recorded(cif, function, result, arguments, DOOR(n, which), CALLERS_STACK());           \
        else                                                                                       \
            ((ffi_call_function *)ffitap__ffi_original(DOOR(n, which)))(cif, function, result,     \
                                                                        arguments);                \
    }

#define DEFINE_CALL_HOOKS(n)                                                                       \
    DEFINE_CALL_HOOK(ffi_call, n, CALL, call_counted)                                              \
    DEFINE_CALL_HOOK(ffi_call_beside_plans, n, CALL, call_passed_on)                               \
    DEFINE_CALL_HOOK(ffi_call_plan, n, CALL_PLAN, call_planned)                                    \
    static void ffi_call_go_##n(void *cif, void (*function)(void), void *result, void **arguments, \
                                void *closure)                                                     \
    {                                                                                              \
        if (FFITAP__UNLIKELY(ffitap__lttng_wants_calls()))                                         \
            call_go_recorded(cif, function, result, arguments, closure, DOOR(n, CALL_GO),          \
                             CALLERS_STACK());                                                     \
        else                                                                                       \
            ((ffi_call_go_function *)ffitap__ffi_original(DOOR(n, CALL_GO)))(                      \
                cif, function, result, arguments, closure);                                        \
    }

#define DEFINE_CLOSURE_HOOKS(n)                                                                    \
    static int prepare_closure_at_##n(void *closure, void *cif, ffitap__closure_handler *handler,  \
                                      void *data, void *code)                                      \
    {                                                                                              \
        ffitap__closure_prepare_at_function *real =                                                \
            ffitap__ffi_original(DOOR(n, PREPARE_CLOSURE_AT));                                     \
        return ffitap__closure_prepare_at(real, &ffitap__ffi_users[n].closures, closure, cif,      \
                                          handler, data, code);                                    \
    }                                                                                              \
    static int prepare_closure_##n(void *closure, void *cif, ffitap__closure_handler *handler,     \
                                   void *data)                                                     \
    {                                                                                              \
        ffitap__closure_prepare_function *real = ffitap__ffi_original(DOOR(n, PREPARE_CLOSURE));   \
        return ffitap__closure_prepare(real, &ffitap__ffi_users[n].closures, closure, cif,         \
                                       handler, data);                                             \
    }                                                                                              \
    static void free_closure_##n(void *closure)                                                    \
    {                                                                                              \
        ffitap__closure_free(ffitap__ffi_original(DOOR(n, FREE_CLOSURE)), closure);                \
    }

#define DEFINE_RUBY_HOOK(n)                                                                        \
    static void *call_without_lock_##n(ffitap__gvl_function *function, void *data,                 \
                                       ffitap__gvl_unblock_function *unblock, void *unblock_data)  \
    {                                                                                              \
        return ffitap__gvl_release(ffitap__ffi_original(DOOR(n, CALL_WITHOUT_LOCK)),               \
                                   &ffitap__ffi_users[n].runtime, function, data, unblock,         \
                                   unblock_data);                                                  \
    }

#define LIST_HOOKS(n, call)                                                                        \
    {                                                                                              \
        [FFITAP__FFI_CALL] = call,                                                                 \
        [FFITAP__FFI_CALL_PLAN] = ffi_call_plan_##n,                                               \
        [FFITAP__FFI_CALL_GO] = ffi_call_go_##n,                                                   \
        [FFITAP__FFI_RELEASE_LOCK] = release_lock_##n,                                             \
        [FFITAP__FFI_TAKE_LOCK] = take_lock_##n,                                                   \
        [FFITAP__FFI_ERRNO] = errno_##n,                                                           \
        [FFITAP__FFI_PREPARE_CLOSURE_AT] = prepare_closure_at_##n,                                 \
        [FFITAP__FFI_PREPARE_CLOSURE] = prepare_closure_##n,                                       \
        [FFITAP__FFI_FREE_CLOSURE] = free_closure_##n,                                             \
        [FFITAP__FFI_CALL_WITHOUT_LOCK] = call_without_lock_##n,                                   \
    },

#define LIST_BOTH(n) {LIST_HOOKS(n, ffi_call_##n) LIST_HOOKS(n, ffi_call_beside_plans_##n)},

FFITAP__FFI_EACH_PLACE(DEFINE_LOCK_HOOKS)
FFITAP__FFI_EACH_PLACE(DEFINE_ERRNO_HOOK)
FFITAP__FFI_EACH_PLACE(DEFINE_CALL_HOOKS)
FFITAP__FFI_EACH_PLACE(DEFINE_CLOSURE_HOOKS)
FFITAP__FFI_EACH_PLACE(DEFINE_RUBY_HOOK)

void *const ffitap__ffi_pool[][2][FFITAP__FFI_COUNT] = {FFITAP__FFI_EACH_PLACE(LIST_BOTH)};
