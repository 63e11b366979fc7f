#include "core/provider.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap/base/environment.h"
#include "tap/known/scan.h"
#include "tap/layout.h"

#define PROVIDER "libffitap-tracepoints.so"
#define PRIVATE  "ffitap/" /* where ffitap's own libraries lie, seen from this one */

static bool is_wanted(void)
{
    const char *choice = getenv(FFITAP__ENV_LTTNG);

    return !choice || strcmp(choice, "0") != 0;
}

/* Whether a provider is loaded already. It may be preloaded, from another directory; two providers
 * would write every event twice. */
static bool is_loaded(void)
{
    void *handle = dlopen(PROVIDER, RTLD_NOW | RTLD_NOLOAD);

    if (!handle)
        return false;
    dlclose(handle);
    return true;
}

/*
 * Finds the provider's path. An absolute path is best: if something wraps dlopen(3), it becomes the
 * caller, and "$ORIGIN" means another place. "$ORIGIN" is used only if this library was loaded by a
 * relative path, which means nothing any more; the dynamic linker may still remember where the
 * library came from.
 */
static bool find_beside_us(char *path, size_t size)
{
    Dl_info us;
    int length = 0;

    if (dladdr((const void *)find_beside_us, &us) && *us.dli_fname == '/')
        length = snprintf(path, size, "%.*s/" PRIVATE PROVIDER,
                          (int)(strrchr(us.dli_fname, '/') - us.dli_fname), us.dli_fname);
    else
        length = snprintf(path, size, "$ORIGIN/" PRIVATE PROVIDER);
    return length > 0 && (size_t)length < size;
}

static void load(void)
{
    char path[PATH_MAX];

    if (!ffitap__layout_agrees() || !is_wanted() || is_loaded() ||
        !find_beside_us(path, sizeof(path)))
        return;
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
        ffitap__object_update(0);
}

/*
 * This does not use pthread_once(3). With it, a constructor that uses the core would wait for the
 * thread that was first, and that thread would wait in dlopen(3) for the constructor. If two
 * threads load the provider at once, both get the same one.
 */
void ffitap__provider_load(void)
{
    static _Atomic bool is_done;

    if (atomic_load_explicit(&is_done, memory_order_acquire))
        return;

    const int saved = errno;

    load();
    dlerror();
    atomic_store_explicit(&is_done, true, memory_order_release);
    errno = saved;
}
