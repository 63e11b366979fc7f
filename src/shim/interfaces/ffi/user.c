#include "shim/interfaces/ffi/user.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "arch/arch.h"
#include "shim/interfaces/dl.h"
#include "shim/interfaces/ffi/runtimes.h"
#include "tap/known/runtime.h"

struct ffitap__ffi_user ffitap__ffi_users[FFITAP__FFI_USER_MAX];
static _Atomic unsigned user_count;

/* Sets a runtime's id. An id for a lock of which nothing is known yet does not replace one that
 * another thread has set. */
static void set_id(_Atomic uint16_t *place, uint16_t id, bool is_told)
{
    uint16_t none = 0;

    if (is_told)
        atomic_store_explicit(place, id, memory_order_relaxed);
    else
        atomic_compare_exchange_strong(place, &none, id);
}

/* Makes the object's runtime known. If the object has another lock than an earlier copy of it had,
 * it is another runtime. */
static void tell_runtime(struct ffitap__ffi_user *user, enum ffitap__lock_kind kind)
{
    const bool is_told = kind != FFITAP__LOCK_UNTOLD;
    const uint16_t runtime =
        ffitap__runtime_add(ffitap__runtimes_find(user->path).name, user->path, user->lock, kind);

    set_id(&user->runtime, runtime, is_told);
    for (int which = 0; which < FFITAP__FFI_COUNT; which++)
        set_id(&user->doors[which].runtime, runtime, is_told);
}

static void set_free_threaded(struct ffitap__ffi_user *user, bool is_free_threaded)
{
    for (int which = 0; which < FFITAP__FFI_COUNT; which++)
        atomic_store_explicit(&user->doors[which].is_free_threaded, is_free_threaded,
                              memory_order_relaxed);
}

/* Finds out what kind of lock the object's CPython has, and makes it known. That CPython must not
 * be unloaded meanwhile. */
static void tell_cpythons_lock(struct ffitap__ffi_user *user)
{
    const struct ffitap__ffi_door *release = &user->doors[FFITAP__FFI_RELEASE_LOCK];

    atomic_store_explicit(&user->is_lock_told, true, memory_order_relaxed);
    const struct ffitap__free_threading *build =
        ffitap__free_threading_find(atomic_load_explicit(&release->original, memory_order_relaxed));
    atomic_store_explicit(&user->build, build, memory_order_release);
    tell_runtime(user, build ? FFITAP__LOCK_OPTIONAL : FFITAP__LOCK_ALWAYS);
    set_free_threaded(user, build != NULL);
}

static bool has_cpythons_lock(const struct ffitap__ffi_user *user)
{
    return *user->lock && user->lock == user->names[FFITAP__FFI_RELEASE_LOCK];
}

static bool is_of_start_up(const void *address)
{
    const struct ffitap__object *object = address ? ffitap__object_at(address) : NULL;

    return object && object->cause == FFITAP__OBJECT_AT_START_UP;
}

/*
 * `stays`: neither the object nor what it needs can be unloaded meanwhile. Otherwise only a CPython
 * that was there at start-up can be looked at. Any other CPython is left to the thread whose load
 * has brought the object.
 */
static void tell_lock(struct ffitap__ffi_user *user, bool stays)
{
    const struct ffitap__ffi_door *release = &user->doors[FFITAP__FFI_RELEASE_LOCK];

    if (!has_cpythons_lock(user)) {
        atomic_store_explicit(&user->is_lock_told, true, memory_order_relaxed);
        tell_runtime(user, *user->lock ? FFITAP__LOCK_ALWAYS : FFITAP__LOCK_NONE);
    } else if (stays ||
               is_of_start_up(atomic_load_explicit(&release->original, memory_order_relaxed))) {
        tell_cpythons_lock(user);
    } else if (!atomic_load_explicit(&user->runtime, memory_order_relaxed)) {
        tell_runtime(user, FFITAP__LOCK_UNTOLD);
    }
}

/* As dlsym(3) with RTLD_DEFAULT, but in the object's name. */
static void *look_up_for(const struct ffitap__ffi_user *user, int which)
{
    const char *name = user->names[which];

    if (!user->return_site)
        return dlsym(RTLD_DEFAULT, name);
    return ffitap__impersonate(user->return_site, (void *)dlsym, RTLD_DEFAULT, (uintptr_t)name, 0);
}

/*
 * The function for a slot that was not bound when it was hooked: the one that the dynamic linker
 * would have found for it. The linker is asked in the object's name, and so keeps what it finds for
 * as long as the object is there. If it were asked in our name, it would keep that for ever, and
 * would not find what the object alone has brought along. If the linker finds nothing, because
 * somebody has put a function in front of dlsym(3), the object is searched together with what it
 * has brought along.
 *
 * This may only be done while the object cannot be unloaded, because it is making a call or because
 * this thread has loaded it. If another thread unloaded the object meanwhile, that thread would
 * find it still mapped, and the object would go only when we close it.
 */
static void *find_for_object(const struct ffitap__ffi_user *user, int which)
{
    void *found = look_up_for(user, which);
    void *object = found ? NULL : dlopen(user->path, RTLD_LAZY | RTLD_NOLOAD);

    if (object) {
        found = dlsym(object, user->names[which]);
        dlclose(object);
    }
    return found;
}

/*
 * What can be found while the object may be unloaded: functions that the program can see and that
 * were there at start-up, and so stay. The linker is asked with the program's handle: what it finds
 * is then not kept from being unloaded.
 */
static void *find_at_start_up(const struct ffitap__ffi_user *user, int which)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    void *found = program ? dlsym(program, user->names[which]) : NULL;

    return is_of_start_up(found) ? found : NULL;
}

static struct ffitap__ffi_user *user_of(struct ffitap__ffi_door *door)
{
    struct ffitap__ffi_door *first = door - door->which;

    return (struct ffitap__ffi_user *)((char *)first - offsetof(struct ffitap__ffi_user, doors));
}

struct ffitap__ffi_way ffitap__ffi_look(struct ffitap__ffi_door *door)
{
    struct ffitap__ffi_user *user = user_of(door);
    const enum ffitap__lock_state state =
        ffitap__free_threading_state(atomic_load_explicit(&user->build, memory_order_acquire));

    return (struct ffitap__ffi_way){
        .runtime = ffitap__runtime_in(
            user->by_state, atomic_load_explicit(&user->runtime, memory_order_relaxed), state),
        .has_lock = state == FFITAP__LOCK_IS_ON,
    };
}

/*
 * The object is making a call, and so it stays. Its CPython may have been loaded after the object.
 */
void *ffitap__ffi_find_original(struct ffitap__ffi_door *door)
{
    const int saved = errno;
    struct ffitap__ffi_user *user = user_of(door);
    void *found = find_for_object(user, door->which);

    atomic_store_explicit(&door->original, found, memory_order_relaxed);
    if (found && door->which == FFITAP__FFI_RELEASE_LOCK)
        tell_lock(user, true);
    errno = saved;
    return found;
}

/* `wanted` has a bit for each function to find; returns the bits of those that were found. */
static unsigned find_each(struct ffitap__ffi_user *user, unsigned wanted,
                          void *(*find)(const struct ffitap__ffi_user *user, int which))
{
    unsigned done = 0;

    for (int which = 0; which < FFITAP__FFI_COUNT; which++) {
        void *found = wanted & 1u << which ? find(user, which) : NULL;

        if (!found)
            continue;
        atomic_store_explicit(&user->doors[which].original, found, memory_order_relaxed);
        done |= 1u << which;
    }
    return done;
}

/*
 * The original functions are not left for the first call to find. In a call the search would free
 * the text of an error that the program has not asked for yet, and would wait for a load under way,
 * perhaps with the interpreter lock held. Functions that may be unloaded are left to the thread
 * whose load has brought the object. What that thread does not find either is looked for again only
 * if it is called: it may be a weak function, which need not be there.
 */
static void find_originals(struct ffitap__ffi_user *user, unsigned unbound, bool stays)
{
    unsigned done = unbound;

    if (stays)
        find_each(user, unbound, find_for_object);
    else
        done = find_each(user, unbound, find_at_start_up);
    atomic_fetch_and_explicit(&user->unbound, ~done, memory_order_relaxed);
    dlerror();
}

static void make_ready(struct ffitap__ffi_user *user, const void *loaded)
{
    const unsigned unbound = atomic_load_explicit(&user->unbound, memory_order_acquire);
    const bool is_told = atomic_load_explicit(&user->is_lock_told, memory_order_relaxed);

    if (!unbound && is_told)
        return;
    const bool stays = !loaded || ffitap__object_needs(loaded, user->path);
    if (unbound)
        find_originals(user, unbound, stays);
    if (!is_told)
        tell_lock(user, stays);
}

void ffitap__ffi_user_make_ready(const void *loaded)
{
    for (unsigned i = 0; i < atomic_load_explicit(&user_count, memory_order_acquire); i++)
        make_ready(&ffitap__ffi_users[i], loaded);
}

/* A library that is loaded again gets the place that it had. No place is ever given to another
 * library. */
static struct ffitap__ffi_user *find_place(const char *path)
{
    const unsigned count = atomic_load_explicit(&user_count, memory_order_relaxed);

    for (unsigned i = 0; i < count; i++)
        if (ffitap__ffi_users[i].path == path)
            return &ffitap__ffi_users[i];
    return count < FFITAP__FFI_USER_MAX ? &ffitap__ffi_users[count] : NULL;
}

/* The function with which an object gives up an interpreter lock, if it has one to take the lock
 * again as well; otherwise "". */
static const char *lock_of(const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT])
{
    static const enum ffitap__ffi locks[][2] = {
        {FFITAP__FFI_RELEASE_LOCK, FFITAP__FFI_TAKE_LOCK},
        {FFITAP__FFI_CALL_WITHOUT_LOCK, FFITAP__FFI_CALL_WITHOUT_LOCK},
    };

    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        if (imports[locks[i][0]].name && imports[locks[i][1]].name)
            return imports[locks[i][0]].name;
    return "";
}

/*
 * Forgets what was known of the lock, because the object may be another copy with another CPython.
 * The flag goes first. A hook that no longer finds it does not look at the build; one that has just
 * found it finds no build, and takes nothing as known.
 */
static void forget_lock(struct ffitap__ffi_user *user)
{
    set_free_threaded(user, false);
    atomic_store_explicit(&user->build, NULL, memory_order_release);
    for (int state = 0; state <= FFITAP__LOCK_IS_ON; state++)
        atomic_store_explicit(&user->by_state[state], 0, memory_order_relaxed);
    atomic_store_explicit(&user->is_lock_told, false, memory_order_relaxed);
}

/* Fills the object's doors. Returns a bit for each function that has still to be found. */
static unsigned set_doors(struct ffitap__ffi_user *user,
                          const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT])
{
    unsigned unbound = 0;

    for (int which = 0; which < FFITAP__FFI_COUNT; which++) {
        struct ffitap__ffi_door *door = &user->doors[which];

        user->names[which] = imports[which].name;
        door->which = (uint8_t)which;
        door->has_lock = *user->lock;
        atomic_store_explicit(&door->original, imports[which].target, memory_order_relaxed);
        if (imports[which].name && !imports[which].target)
            unbound |= 1u << which;
    }
    return unbound;
}

struct ffitap__ffi_user *
ffitap__ffi_user_enlist(const struct ffitap__object *object,
                        const struct ffitap__ffi_import imports[FFITAP__FFI_COUNT])
{
    struct ffitap__ffi_user *user = find_place(object->path);

    if (!user)
        return NULL;
    forget_lock(user);
    user->lock = lock_of(imports);
    user->return_site = ffitap__dl_return_site(object);
    atomic_store_explicit(&user->unbound, set_doors(user, imports), memory_order_release);
    user->closures = (struct ffitap__closure_owner){
        .runtime = &user->runtime,
        .reads_data = ffitap__runtimes_find(object->path).reads_data,
    };
    if (!user->path) {
        user->path = object->path;
        atomic_fetch_add_explicit(&user_count, 1, memory_order_release);
    }
    return user;
}
