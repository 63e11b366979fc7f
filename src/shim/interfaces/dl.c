/*
 * dlopen and its family. Each real function is called in the name of the object that called the
 * hook (arch/arch.h), with errno as it was, and whatever it leaves in errno stays.
 *
 * dlerror(3) gives the text of a failure only once, to whoever asks first. The hooks ask first, for
 * the event, and hand the text on when the program asks.
 */
#include "shim/interfaces/dl.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "arch/arch.h"
#include "shim/interfaces/hook.h"
#include "tap/base/clock.h"
#include "tap/base/fast.h"
#include "tap/base/memory.h"
#include "tap/known/library.h"

enum function {
    DLOPEN,
    DLMOPEN,
    DLCLOSE,
    DLSYM,
    DLVSYM,
    DLERROR,
    DLINFO,
    FUNCTION_COUNT,
};
static const struct ffitap__hook hooks[FUNCTION_COUNT];

/* What is kept with each object that is hooked. */
struct notes {
    void *original[FUNCTION_COUNT]; /* NULL: as for the shim itself */
    uintptr_t return_site;          /* in this object; 0 if there is none */
};

/* Whom to tell of loads. */
static void (*tell_load)(const void *address);

/* What dlerror(3) told us and the program has not asked for yet. */
static FFITAP__THREAD_LOCAL char *owed_error;

/* Who called a hook, and which real function to call for that caller. */
struct caller {
    const void *address;
    uintptr_t return_site;
    void *real;
};

static struct caller caller_of(const void *return_address, enum function function)
{
    const struct ffitap__object *object = ffitap__object_at(return_address);
    const struct notes *notes = object ? object->notes : NULL;
    struct caller caller = {.address = return_address, .real = hooks[function].real};

    if (notes) {
        caller.return_site = notes->return_site;
        if (notes->original[function])
            caller.real = notes->original[function];
    }
    return caller;
}

static void *call_real(const struct caller *caller, void *first, uintptr_t second, uintptr_t third)
{
    void *(*real)(void *, uintptr_t, uintptr_t) = caller->real;

    if (FFITAP__LIKELY(caller->return_site != 0))
        return ffitap__impersonate(caller->return_site, caller->real, first, second, third);
    return real(first, second, third);
}

static const char *take_error(void)
{
    const int saved = errno;

    owed_error = dlerror();
    errno = saved;
    return owed_error;
}

static char *hook_dlerror(void)
{
    char *error = owed_error;

    owed_error = NULL;
    return error ? error : dlerror();
}

static void *load(const struct caller *caller, const char *name, int mode, void *first,
                  uintptr_t second, uintptr_t third)
{
    struct ffitap__library_step step;

    owed_error = NULL;
    ffitap__library_load_begin(&step, name, mode, caller->address);
    void *handle = call_real(caller, first, second, third);
    step.ended = ffitap__clock_now();
    ffitap__library_load_end(&step, handle, handle ? NULL : take_error());
    if (handle)
        tell_load(((const struct link_map *)handle)->l_ld);
    return handle;
}

static void *hook_dlopen(const char *name, int mode)
{
    const struct caller caller = caller_of(__builtin_return_address(0), DLOPEN);

    return load(&caller, name, mode, (void *)name, (uintptr_t)mode, 0);
}

static void *hook_dlmopen(Lmid_t namespace, const char *name, int mode)
{
    const struct caller caller = caller_of(__builtin_return_address(0), DLMOPEN);

    return load(&caller, name, mode, (void *)namespace, (uintptr_t)name, (uintptr_t)mode);
}

static void *look_up(const struct caller *caller, void *handle, const char *symbol,
                     const char *version)
{
    struct ffitap__library_step step;

    owed_error = NULL;
    ffitap__library_lookup_begin(&step, symbol, caller->address);
    void *address = call_real(caller, handle, (uintptr_t)symbol, (uintptr_t)version);
    step.ended = ffitap__clock_now();
    ffitap__library_lookup_end(&step, handle, version, address, address ? NULL : take_error());
    return address;
}

static void *hook_dlsym(void *handle, const char *symbol)
{
    const struct caller caller = caller_of(__builtin_return_address(0), DLSYM);

    return look_up(&caller, handle, symbol, NULL);
}

static void *hook_dlvsym(void *handle, const char *symbol, const char *version)
{
    const struct caller caller = caller_of(__builtin_return_address(0), DLVSYM);

    return look_up(&caller, handle, symbol, version);
}

static int hook_dlclose(void *handle)
{
    const struct caller caller = caller_of(__builtin_return_address(0), DLCLOSE);
    int (*real)(void *) = caller.real;
    struct ffitap__library_step step;

    owed_error = NULL;
    ffitap__library_unload_begin(&step, handle, caller.address);
    const int result = real(handle);
    step.ended = ffitap__clock_now();
    ffitap__library_unload_end(&step, handle, result, result == 0 ? NULL : take_error());
    return result;
}

/* dlinfo(3) is not recorded. It is hooked because it frees the text of an error that was asked for,
 * and may leave another. */
static int hook_dlinfo(void *handle, int request, void *information)
{
    const struct caller caller = caller_of(__builtin_return_address(0), DLINFO);
    int (*real)(void *, int, void *) = caller.real;

    owed_error = NULL;
    return real(handle, request, information);
}

/* clang-format off */
static const struct ffitap__hook hooks[FUNCTION_COUNT] = {
    [DLOPEN] = {"dlopen", hook_dlopen, dlopen},
    [DLMOPEN] = {"dlmopen", hook_dlmopen, dlmopen},
    [DLCLOSE] = {"dlclose", hook_dlclose, dlclose},
    [DLSYM] = {"dlsym", hook_dlsym, dlsym},
    [DLVSYM] = {"dlvsym", hook_dlvsym, dlvsym},
    [DLERROR] = {"dlerror", hook_dlerror, dlerror},
    [DLINFO] = {"dlinfo", hook_dlinfo, dlinfo},
};
/* clang-format on */

static uintptr_t find_return_site(const struct ffitap__elf *elf)
{
    return ffitap__return_site_find((const void *)elf->text_start, elf->text_end - elf->text_start);
}

static bool begin(struct ffitap__object *object)
{
    if (!object->room)
        object->room = ffitap__memory_keep(sizeof(struct notes));
    if (!object->room)
        return false;
    *(struct notes *)object->room = (struct notes){
        .return_site = find_return_site(&object->elf),
    };
    return true;
}

static void note(const struct ffitap__object *object, const struct ffitap__hook *hook,
                 const struct ffitap__slot *slot)
{
    struct notes *notes = object->room;

    if (!slot->is_variable)
        notes->original[hook - hooks] = ffitap__slot_target(&object->elf, slot);
}

static void decide(struct ffitap__object *object)
{
    object->notes = object->room;
}

/* NULL for a variable that holds another function: a constructor has put it there before we came,
 * and it must stay. */
static void *replacement(const struct ffitap__object *object, const struct ffitap__hook *hook,
                         const struct ffitap__slot *slot)
{
    const struct notes *notes = object->notes;
    const void *target = slot->is_variable ? ffitap__slot_target(&object->elf, slot) : hook->real;

    return target == hook->real || target == notes->original[hook - hooks] ? hook->replacement
                                                                           : NULL;
}

uintptr_t ffitap__dl_return_site(const struct ffitap__object *object)
{
    return ((const struct notes *)object->room)->return_site;
}

void ffitap__dl_tell_loads(void (*loaded)(const void *address))
{
    tell_load = loaded;
}

const struct ffitap__interface ffitap__dl_interface = {
    FFITAP__HOOKS(hooks),       .begin = begin, .note = note, .decide = decide,
    .replacement = replacement,
};
