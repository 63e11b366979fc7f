#include "tap/known/library.h"

#include <errno.h>
#include <link.h>
#include <stdatomic.h>

#include "tap/base/clock.h"
#include "tap/known/function.h"
#include "tap/known/scan.h"
#include "tap/sinks/sink.h"

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static struct ffitap__load_event load_event(const struct ffitap__library_step *load)
{
    return (struct ffitap__load_event){
        .load_id = load->load_id,
        .name = or_empty(load->name),
        .main_program = !load->name,
        .mode = load->mode,
        .caller = ffitap__object_path_at(load->caller),
        .path = "",
        .error = "",
    };
}

void ffitap__library_load_begin(struct ffitap__library_step *load, const char *name, int mode,
                                const void *caller)
{
    static _Atomic uint64_t last_id;

    load->load_id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
    load->name = name;
    load->mode = mode;
    load->caller = caller;

    const struct ffitap__load_event event = load_event(load);
    ffitap__tell_load_begin(&event);
    ffitap__object_load_begins();
    load->begun = ffitap__clock_now();
}

void ffitap__library_load_end(struct ffitap__library_step *load, void *handle, const char *error)
{
    const int saved = errno;

    ffitap__object_load_is_over();
    if (handle)
        ffitap__object_update((uintptr_t)((const struct link_map *)handle)->l_ld);

    struct ffitap__load_event event = load_event(load);
    event.handle = (uintptr_t)handle;
    event.path = handle ? ffitap__object_path_of_handle(handle) : "";
    event.duration_ns = ffitap__clock_duration_ns(load->ended - load->begun);
    event.error = or_empty(error);
    ffitap__tell_load_end(&event);
    errno = saved;
}

void ffitap__library_lookup_begin(struct ffitap__library_step *lookup, const char *symbol,
                                  const void *caller)
{
    lookup->name = symbol;
    lookup->caller = caller;
    lookup->begun = ffitap__clock_now();
}

void ffitap__library_lookup_end(struct ffitap__library_step *lookup, void *handle,
                                const char *version, void *address, const char *error)
{
    const int saved = errno;
    const struct ffitap__function *function =
        address ? ffitap__function_announce(address, lookup->name) : NULL;

    ffitap__tell_lookup(&(struct ffitap__lookup_event){
        .handle = (uintptr_t)handle,
        .library = ffitap__object_path_of_handle(handle),
        .symbol = or_empty(lookup->name),
        .version = or_empty(version),
        .caller = ffitap__object_path_at(lookup->caller),
        .address = (uintptr_t)address,
        .function_id = function ? function->id : 0,
        .duration_ns = ffitap__clock_duration_ns(lookup->ended - lookup->begun),
        .error = or_empty(error),
    });
    errno = saved;
}

void ffitap__library_lookup_cached(const char *library, void *handle, const char *symbol,
                                   void *address, const void *caller)
{
    const int saved = errno;
    /* The lookup that filled the cache has announced the function. So it is found without a lock
     * here, where threads may look up all the time. */
    const struct ffitap__function *function = ffitap__function_at(address);

    ffitap__tell_lookup(&(struct ffitap__lookup_event){
        .handle = (uintptr_t)handle,
        .library = library,
        .symbol = symbol,
        .version = "",
        .caller = ffitap__object_path_at(caller),
        .address = (uintptr_t)address,
        .function_id = function ? function->id : 0,
        .cached = 1,
        .error = "",
    });
    errno = saved;
}

void ffitap__library_unload_begin(struct ffitap__library_step *unload, void *handle,
                                  const void *caller)
{
    /* Not the handle's own name, which is freed with the handle. */
    unload->name = handle ? ffitap__object_path_at(((const struct link_map *)handle)->l_ld) : "";
    unload->caller = caller;
    unload->begun = ffitap__clock_now();
}

void ffitap__library_unload_end(struct ffitap__library_step *unload, void *handle, int result,
                                const char *error)
{
    const int saved = errno;

    ffitap__tell_unload(&(struct ffitap__unload_event){
        .handle = (uintptr_t)handle,
        .path = unload->name,
        .caller = ffitap__object_path_at(unload->caller),
        .result = result,
        .unmapped = ffitap__object_update(0),
        .duration_ns = ffitap__clock_duration_ns(unload->ended - unload->begun),
        .error = or_empty(error),
    });
    errno = saved;
}
