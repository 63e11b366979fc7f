#include <ffitap/loader.h>

#include <errno.h>
#include <stdatomic.h>

#include "core/cpython.h"
#include "core/fail.h"
#include "core/library.h"

/* Made by the first thread that asks, and kept until the process ends. */
static struct ffitap_library *_Atomic pythonapi;

/* A libpython outside of the global scope stays in the process once it was found, so opening it
 * here loads nothing. */
static enum ffitap_status open_it(const void *caller, struct ffitap_library **out,
                                  struct ffitap_error *error)
{
    if (!ffitap__cpython_find())
        return ffitap__fail(error, FFITAP_NOT_FOUND, "there is no CPython in this process");

    const char *path = ffitap__cpython_path();
    const int mode = path ? FFITAP_DEFAULT_MODE | RTLD_NOLOAD : FFITAP_DEFAULT_MODE;

    return ffitap__library_create(path, FFITAP_PYDLL, mode, 0, caller, out, error);
}

/* Makes `fresh` the library that everybody gets, unless another thread was first. Returns the one
 * that everybody gets. */
static struct ffitap_library *keep(struct ffitap_library *fresh)
{
    struct ffitap_library *earlier = NULL;

    if (atomic_compare_exchange_strong_explicit(&pythonapi, &earlier, fresh, memory_order_acq_rel,
                                                memory_order_acquire))
        return fresh;
    ffitap__library_release(fresh);
    return earlier;
}

static enum ffitap_status borrow(const void *caller, struct ffitap_library **out,
                                 struct ffitap_error *error)
{
    struct ffitap_library *library = atomic_load_explicit(&pythonapi, memory_order_acquire);

    if (!library) {
        const enum ffitap_status status = open_it(caller, &library, error);

        if (status != FFITAP_OK)
            return status;
        library = keep(library);
    }
    *out = library;
    return FFITAP_OK;
}

enum ffitap_status ffitap_pythonapi_borrow(struct ffitap_library **out, struct ffitap_error *error)
{
    const int saved = errno;
    const enum ffitap_status status = borrow(__builtin_return_address(0), out, error);

    errno = saved;
    return status;
}
