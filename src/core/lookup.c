#include "core/lookup.h"

#include <dlfcn.h>
#include <stdio.h>

#include "core/fail.h"
#include "core/interpreter.h"
#include "core/library.h"
#include "core/start.h"
#include "tap/base/clock.h"
#include "tap/known/library.h"
#include "tap/known/scan.h"
#include "tap/layout.h"

enum ffitap_status ffitap__lookup(struct ffitap_library *library, const char *name,
                                  const void *caller, void **address, struct ffitap_error *error)
{
    struct ffitap__library_step lookup;
    char not_found[sizeof(error->text)];
    const char *text = NULL;
    enum ffitap_status status = FFITAP_OK;

    const bool has_tap = ffitap__layout_agrees();

    ffitap__interpreter_find();
    ffitap__core_announce();
    dlerror(); /* a symbol may exist and be NULL: only a fresh error says that there is none */
    if (has_tap)
        ffitap__library_lookup_begin(&lookup, name, caller);
    void *found = dlsym(library->handle, name);
    lookup.ended = has_tap ? ffitap__clock_now() : 0;
    if (!found) {
        text = dlerror();
        if (!text) {
            snprintf(not_found, sizeof(not_found), "function '%s' not found", name);
            text = not_found;
        }
        status = ffitap__fail(error, FFITAP_NOT_FOUND, "%s", text);
    } else if (has_tap) {
        ffitap__object_update((uintptr_t)found); /* somebody else may have loaded its object */
    }
    if (has_tap)
        ffitap__library_lookup_end(&lookup, library->handle, NULL, found, text);
    *address = found;
    return status;
}
