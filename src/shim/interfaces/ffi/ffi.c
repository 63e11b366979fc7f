/*
 * Foreign calls, and what surrounds them: libffi's functions and those of the interpreter lock, in
 * every object that makes foreign calls. Each of these objects gets hooks of its own (user.h).
 */
#include <string.h>

#include "shim/interfaces/ffi/runtimes.h"
#include "shim/interfaces/ffi/user.h"
#include "shim/interfaces/hook.h"
#include "tap/known/runtime.h"
#include "tap/sinks/loss.h"

#define NAME_MAP(X)                                                                                \
    FFITAP__FFI_CALL_MAP(X)                                                                        \
    X(RELEASE_LOCK, "PyEval_SaveThread")                                                           \
    X(TAKE_LOCK, "PyEval_RestoreThread")                                                           \
    X(ERRNO, "__errno_location")                                                                   \
    X(PREPARE_CLOSURE_AT, "ffi_prep_closure_loc")                                                  \
    X(PREPARE_CLOSURE, "ffi_prep_closure")                                                         \
    X(FREE_CLOSURE, "ffi_closure_free")                                                            \
    X(CALL_WITHOUT_LOCK, "rb_thread_call_without_gvl")

/* The names that are hooked. The replacements are chosen for each object. */
static const struct ffitap__hook hooks[] = {
#define X(which, imported_name) {.name = imported_name},
    NAME_MAP(X)
#undef X
};
static const enum ffitap__ffi which_of[] = {
#define X(which, imported_name) FFITAP__FFI_##which,
    NAME_MAP(X)
#undef X
};

/* What was found in the object that is being hooked. The tap's lock guards this. */
static struct {
    struct ffitap__ffi_import imports[FFITAP__FFI_COUNT];
    void *const *replacements; /* NULL: none of its slots is rewritten */
} found;

static bool begin(struct ffitap__object *object)
{
    (void)object;
    memset(&found, 0, sizeof(found));
    return true;
}

static void note(const struct ffitap__object *object, const struct ffitap__hook *hook,
                 const struct ffitap__slot *slot)
{
    struct ffitap__ffi_import *import = &found.imports[which_of[hook - hooks]];

    if (!slot->is_variable || !import->target)
        *import = (struct ffitap__ffi_import){
            .name = hook->name,
            .target = ffitap__slot_target(&object->elf, slot),
        };
}

static bool makes_calls(void)
{
    for (int which = 0; which <= FFITAP__FFI_LAST_CALL; which++)
        if (found.imports[which].name)
            return true;
    return false;
}

/*
 * libffi itself is left out: it reaches its own ffi_call through a slot, too. An object that
 * contains a libffi and makes calls with it, as CPython 2.7's _ctypes does, has another name and is
 * not left out.
 */
static void decide(struct ffitap__object *object)
{
    if (!makes_calls() || ffitap__ffi_rule_is_libffi(object->soname))
        return;
    /* Only runtimes that exchange errno are watched when they ask for its address. Others that ask
     * for it before a call want the thread's own value. */
    if (!ffitap__runtimes_find(object->path).exchanges_errno)
        found.imports[FFITAP__FFI_ERRNO].name = NULL;

    const struct ffitap__ffi_user *user = ffitap__ffi_user_enlist(object, found.imports);
    if (!user) {
        ffitap__lose(FFITAP__LOST_RUNTIME);
        return;
    }
    found.replacements = ffitap__ffi_pool[user - ffitap__ffi_users]
                                         [ffitap__elf_defines(&object->elf, FFITAP__FFI_PLAN_NAME)];
}

/* An object that imports a function by two names gets one of the two hooked. */
static void *replacement(const struct ffitap__object *object, const struct ffitap__hook *hook,
                         const struct ffitap__slot *slot)
{
    const enum ffitap__ffi which = which_of[hook - hooks];

    (void)object, (void)slot;
    return found.replacements && found.imports[which].name == hook->name ? found.replacements[which]
                                                                         : NULL;
}

const struct ffitap__interface ffitap__ffi_interface = {
    FFITAP__HOOKS(hooks),
    .begin = begin,
    .note = note,
    .decide = decide,
    .replacement = replacement,
    .loaded = ffitap__ffi_user_make_ready,
};
