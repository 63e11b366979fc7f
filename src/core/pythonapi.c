#include <ffitap/loader.h>

#include <errno.h>
#include <stdatomic.h>

#include "core/cpython.h"
#include "core/fail.h"
#include "core/library.h"

/* Made by whoever is first, then kept: it goes with the process. */
static struct ffitap_library *_Atomic pythonapi;

/* A libpython apart is in the process for good once it was found: that it is opened loads nothing.
 */
static enum ffitap_status open_it(const void *caller, struct ffitap_library **out,
                                  struct ffitap_error *error)
{
    if (!ffitap__cpython_find())
        return ffitap__fail(error, FFITAP_NOT_FOUND, "there is no CPython in this process");

    const char *path = ffitap__cpython_path();
    const int mode = path ? FFITAP_DEFAULT_MODE | RTLD_NOLOAD : FFITAP_DEFAULT_MODE;

    return ffitap__library_create(path, FFITAP_PYDLL, mode, 0, caller, out, error);
}

enum ffitap_status ffitap_pythonapi_borrow(struct ffitap_library **out, struct ffitap_error *error)
{
    struct ffitap_library *known = atomic_load_explicit(&pythonapi, memory_order_acquire);
    struct ffitap_library *fresh = NULL;

    if (!known) {
        const int saved = errno;
        const enum ffitap_status status = open_it(__builtin_return_address(0), &fresh, error);

        errno = saved;
        if (status != FFITAP_OK)
            return status;
        if (atomic_compare_exchange_strong_explicit(&pythonapi, &known, fresh, memory_order_acq_rel,
                                                    memory_order_acquire))
            known = fresh;
        else
            ffitap_library_destroy(fresh);
    }
    *out = known;
    return FFITAP_OK;
}
