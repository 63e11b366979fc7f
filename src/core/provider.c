#include "core/provider.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tap/object.h"
#include "tap/tap.h"

#define PROVIDER "libffitap-tracepoints.so"

static bool is_wanted(void)
{
    const char *choice = getenv(FFITAP__ENV_LTTNG);

    return !choice || strcmp(choice, "0") != 0;
}

/* Perhaps from another directory, preloaded: two of them would write every event twice. */
static bool is_loaded(void)
{
    void *handle = dlopen(PROVIDER, RTLD_NOW | RTLD_NOLOAD);

    if (!handle)
        return false;
    dlclose(handle);
    return true;
}

static void load(void)
{
    if (!is_wanted() || is_loaded())
        return;
    /* The dynamic linker knows our directory best: it remembers it from when it loaded us. */
    if (dlopen("$ORIGIN/" PROVIDER, RTLD_NOW | RTLD_LOCAL))
        ffitap__object_update(0);
}

void ffitap__provider_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const int saved = errno;

    pthread_once(&once, load);
    dlerror();
    errno = saved;
}
