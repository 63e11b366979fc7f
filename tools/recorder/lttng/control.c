#include "recorder/lttng/control.h"

#include <dlfcn.h>

#include "recorder/message.h"

struct ffitap_lttng ffitap_lttng;

static void *library;

static bool find(void **function, const char *name)
{
    *function = dlsym(library, name);
    if (!*function)
        ffitap_say("%s; install lttng-tools as it was when ffitap was built", dlerror());
    return *function;
}

bool ffitap_lttng_load(void)
{
    bool complete = true;

    library = dlopen(FFITAP_LTTNG_LIBRARY, RTLD_NOW);
    if (!library) {
        ffitap_say("%s; install lttng-tools", dlerror());
        return false;
    }
#define X(name) complete = complete && find((void **)&ffitap_lttng.name, "lttng_" #name);
    FFITAP_LTTNG_FUNCTIONS(X)
#undef X
    *(void **)&ffitap_lttng.set_trace_format =
        dlsym(library, "lttng_session_descriptor_set_trace_format");
    return complete;
}

void ffitap_lttng_be_quiet(void)
{
    /* It is exported and declared nowhere. */
    int *quiet = dlsym(library, "lttng_opt_quiet");

    if (quiet)
        *quiet = 1;
}
