#include "core/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "core/abi.h"
#include "core/fail.h"
#include "core/function.h"
#include "core/interpreter.h"
#include "core/start.h"
#include "tap/base/clock.h"
#include "tap/known/library.h"
#include "tap/known/scan.h"
#include "tap/layout.h"

static enum ffitap_status open_library(struct ffitap_library *library, int mode, const void *caller,
                                       struct ffitap_error *error)
{
    struct ffitap__library_step load;
    const char *text = NULL;
    enum ffitap_status status = FFITAP_OK;

    const bool has_tap = ffitap__layout_agrees();

    if (has_tap)
        ffitap__library_load_begin(&load, library->name, mode, caller);
    library->handle = dlopen(library->name, mode);
    load.ended = has_tap ? ffitap__clock_now() : 0;
    if (!library->handle) {
        text = dlerror();
        /* RTLD_NOLOAD fails without an error; the words are ctypes'. */
        status = ffitap__fail(error, FFITAP_LOAD_FAILED, "%s", text ? text : "dlopen() error");
    }
    if (has_tap)
        ffitap__library_load_end(&load, library->handle, text);
    return status;
}

/* The path of the object that a handle stands for, as the tap knows it. */
static const char *path_of(void *handle)
{
    return ffitap__layout_agrees() ? ffitap__object_path_of_handle(handle) : "";
}

static struct ffitap_library *allocate(const char *name)
{
    struct ffitap_library *library = calloc(1, sizeof(*library));

    if (!library || !name)
        return library;
    library->name = strdup(name);
    if (library->name)
        return library;
    free(library);
    return NULL;
}

enum ffitap_status ffitap__library_check(enum ffitap_library_kind kind, unsigned flags,
                                         struct ffitap_error *error)
{
    ffi_abi abi;
    const unsigned unknown = flags & ~(unsigned)(FFITAP_USE_ERRNO | FFITAP_USE_LAST_ERROR);

    if (unknown)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "unknown flags 0x%x", unknown);
    return ffitap__abi_of(kind, &abi, error);
}

static enum ffitap_status make(const char *name, enum ffitap_library_kind kind, unsigned flags,
                               struct ffitap_library **out, struct ffitap_error *error)
{
    const enum ffitap_status status = ffitap__library_check(kind, flags, error);

    if (status != FFITAP_OK)
        return status;
    struct ffitap_library *library = allocate(name);
    if (!library)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for a library");
    library->references = 1;
    library->kind = kind;
    library->flags = flags;
    *out = library;
    return FFITAP_OK;
}

enum ffitap_status ffitap__library_create(const char *name, enum ffitap_library_kind kind, int mode,
                                          unsigned flags, const void *caller,
                                          struct ffitap_library **out, struct ffitap_error *error)
{
    struct ffitap_library *library = NULL;
    enum ffitap_status status = make(name, kind, flags, &library, error);

    if (status != FFITAP_OK)
        return status;
    ffitap__core_start();
    status = open_library(library, mode | RTLD_NOW, caller, error);
    if (status != FFITAP_OK) {
        ffitap__library_release(library);
        return status;
    }
    library->path = path_of(library->handle);
    ffitap__interpreter_find();
    *out = library;
    return FFITAP_OK;
}

enum ffitap_status ffitap_library_create(const char *name, enum ffitap_library_kind kind, int mode,
                                         unsigned flags, struct ffitap_library **out,
                                         struct ffitap_error *error)
{
    const int saved = errno;
    const enum ffitap_status status =
        ffitap__library_create(name, kind, mode, flags, __builtin_return_address(0), out, error);

    errno = saved;
    return status;
}

/* Makes an object known whose load the tap was not told of. The tap was not told either if another
 * object has gone from the same place before. */
static void make_known(void *handle)
{
    if (ffitap__layout_agrees() && handle != RTLD_DEFAULT && handle != RTLD_NEXT)
        ffitap__object_update((uintptr_t)((const struct link_map *)handle)->l_ld);
}

enum ffitap_status ffitap_library_adopt(const char *name, void *handle,
                                        enum ffitap_library_kind kind, unsigned flags,
                                        struct ffitap_library **out, struct ffitap_error *error)
{
    const int saved = errno;
    struct ffitap_library *library = NULL;
    const enum ffitap_status status = make(name, kind, flags, &library, error);

    if (status == FFITAP_OK) {
        ffitap__core_start();
        make_known(handle);
        library->handle = handle;
        library->path = path_of(handle);
        *out = library;
    }
    errno = saved;
    return status;
}

void ffitap__library_retain(struct ffitap_library *library)
{
    atomic_fetch_add_explicit(&library->references, 1, memory_order_relaxed);
}

void ffitap__library_release(struct ffitap_library *library)
{
    if (atomic_fetch_sub_explicit(&library->references, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < FFITAP__CACHE_SIZE; i++)
        ffitap__function_free_chain(library->cache[i]);
    free(library->name);
    free(library);
}

void ffitap_library_destroy(struct ffitap_library *library)
{
    const int saved = errno;

    if (library)
        ffitap__library_release(library);
    errno = saved;
}

const char *ffitap_library_borrow_name(const struct ffitap_library *library)
{
    return library->name;
}

void *ffitap_library_get_handle(const struct ffitap_library *library)
{
    return library->handle;
}

enum ffitap_library_kind ffitap_library_get_kind(const struct ffitap_library *library)
{
    return library->kind;
}

unsigned ffitap_library_get_flags(const struct ffitap_library *library)
{
    return library->flags;
}
