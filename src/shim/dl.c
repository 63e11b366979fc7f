/*
 * dlopen and its family. Each real function is called in the name of the object that called the
 * hook (caller.h), with errno as it was, and whatever it leaves in errno stays.
 *
 * A failure's text can be had only once, from dlerror(3), by whoever asks first. We do, for the
 * event, and hand it back when the program asks.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include "shim/caller.h"
#include "shim/hook.h"
#include "tap/clock.h"
#include "tap/fast.h"
#include "tap/library.h"

/* What dlerror(3) told us and the program has not asked for yet. */
static FFITAP__THREAD_LOCAL char *owed_error;

/* Who called a hook, and with which function to serve it. */
struct caller {
    const void *address;
    uintptr_t return_site;
    void *real;
};

static struct caller caller_of(const void *return_address, enum ffitap__dl function)
{
    const struct ffitap__object *object = ffitap__object_at(return_address);
    const struct ffitap__dl_notes *notes = object ? object->notes : NULL;
    struct caller caller = {.address = return_address, .real = ffitap__dl_hooks[function].real};

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
        return ffitap__caller_impersonate(caller->return_site, caller->real, first, second, third);
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
        ffitap__ffi_make_ready(((const struct link_map *)handle)->l_ld);
    return handle;
}

static void *hook_dlopen(const char *name, int mode)
{
    const struct caller caller = caller_of(__builtin_return_address(0), FFITAP__DLOPEN);

    return load(&caller, name, mode, (void *)name, (uintptr_t)mode, 0);
}

static void *hook_dlmopen(Lmid_t namespace, const char *name, int mode)
{
    const struct caller caller = caller_of(__builtin_return_address(0), FFITAP__DLMOPEN);

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
    const struct caller caller = caller_of(__builtin_return_address(0), FFITAP__DLSYM);

    return look_up(&caller, handle, symbol, NULL);
}

static void *hook_dlvsym(void *handle, const char *symbol, const char *version)
{
    const struct caller caller = caller_of(__builtin_return_address(0), FFITAP__DLVSYM);

    return look_up(&caller, handle, symbol, version);
}

static int hook_dlclose(void *handle)
{
    const struct caller caller = caller_of(__builtin_return_address(0), FFITAP__DLCLOSE);
    int (*real)(void *) = caller.real;
    struct ffitap__library_step step;

    owed_error = NULL;
    ffitap__library_unload_begin(&step, handle, caller.address);
    const int result = real(handle);
    step.ended = ffitap__clock_now();
    ffitap__library_unload_end(&step, handle, result, result == 0 ? NULL : take_error());
    return result;
}

/* Not recorded, but it frees an error's text that was asked for, and may leave another. */
static int hook_dlinfo(void *handle, int request, void *information)
{
    const struct caller caller = caller_of(__builtin_return_address(0), FFITAP__DLINFO);
    int (*real)(void *, int, void *) = caller.real;

    owed_error = NULL;
    return real(handle, request, information);
}

const struct ffitap__hook ffitap__dl_hooks[FFITAP__DL_COUNT] = {
    [FFITAP__DLOPEN] = {"dlopen", hook_dlopen, dlopen},
    [FFITAP__DLMOPEN] = {"dlmopen", hook_dlmopen, dlmopen},
    [FFITAP__DLCLOSE] = {"dlclose", hook_dlclose, dlclose},
    [FFITAP__DLSYM] = {"dlsym", hook_dlsym, dlsym},
    [FFITAP__DLVSYM] = {"dlvsym", hook_dlvsym, dlvsym},
    [FFITAP__DLERROR] = {"dlerror", hook_dlerror, dlerror},
    [FFITAP__DLINFO] = {"dlinfo", hook_dlinfo, dlinfo},
};
