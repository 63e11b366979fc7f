#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ffitap/loader.h>

#include "core/fail.h"
#include "core/library.h"

/* A library that was loaded by its name, and the ones that were before it. */
struct loaded {
    struct ffitap_library *library;
    struct loaded *next;
};

struct ffitap_loader {
    enum ffitap_library_kind kind;
    int mode;
    unsigned flags;
    bool is_prefabricated;

    /*
     * Libraries are only ever put in front, so that reading needs no lock. And no lock of ours is
     * held while the dynamic linker runs constructors, which may come back here. A list will do for
     * the handful of libraries that a program has.
     */
    struct loaded *_Atomic newest;
};

static struct ffitap_loader prefabricated[] = {
    [FFITAP_CDLL] = {FFITAP_CDLL, FFITAP_DEFAULT_MODE, 0, true, NULL},
    [FFITAP_PYDLL] = {FFITAP_PYDLL, FFITAP_DEFAULT_MODE, 0, true, NULL},
    [FFITAP_WINDLL] = {FFITAP_WINDLL, FFITAP_DEFAULT_MODE, 0, true, NULL},
    [FFITAP_OLEDLL] = {FFITAP_OLEDLL, FFITAP_DEFAULT_MODE, 0, true, NULL},
};

struct ffitap_loader *ffitap_cdll(void)
{
    return &prefabricated[FFITAP_CDLL];
}

struct ffitap_loader *ffitap_pydll(void)
{
    return &prefabricated[FFITAP_PYDLL];
}

struct ffitap_loader *ffitap_windll(void)
{
    return &prefabricated[FFITAP_WINDLL];
}

struct ffitap_loader *ffitap_oledll(void)
{
    return &prefabricated[FFITAP_OLEDLL];
}

static void free_one(struct loaded *loaded)
{
    ffitap_library_destroy(loaded->library);
    free(loaded);
}

static struct ffitap_library *find(const struct loaded *loaded, const char *name)
{
    for (; loaded; loaded = loaded->next)
        if (strcmp(ffitap_library_borrow_name(loaded->library), name) == 0)
            return loaded->library;
    return NULL;
}

/* Puts `fresh` in front. If a library of its name was put there first, that one stays. */
static struct ffitap_library *keep(struct ffitap_loader *loader, struct loaded *fresh)
{
    const char *name = ffitap_library_borrow_name(fresh->library);

    fresh->next = atomic_load_explicit(&loader->newest, memory_order_acquire);
    do {
        struct ffitap_library *earlier = find(fresh->next, name);

        if (earlier) {
            free_one(fresh);
            return earlier;
        }
    } while (!atomic_compare_exchange_weak_explicit(&loader->newest, &fresh->next, fresh,
                                                    memory_order_release, memory_order_acquire));
    return fresh->library;
}

enum ffitap_status ffitap_loader_create(enum ffitap_library_kind kind, int mode, unsigned flags,
                                        struct ffitap_loader **out, struct ffitap_error *error)
{
    const enum ffitap_status status = ffitap__library_check(kind, flags, error);
    const int saved = errno;

    if (status != FFITAP_OK)
        return status;
    struct ffitap_loader *loader = calloc(1, sizeof(*loader));
    errno = saved;
    if (!loader)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for a loader");
    loader->kind = kind;
    loader->mode = mode;
    loader->flags = flags;
    *out = loader;
    return FFITAP_OK;
}

void ffitap_loader_destroy(struct ffitap_loader *loader)
{
    if (!loader || loader->is_prefabricated)
        return;

    const int saved = errno;
    struct loaded *loaded = atomic_load_explicit(&loader->newest, memory_order_acquire);

    while (loaded) {
        struct loaded *next = loaded->next;

        free_one(loaded);
        loaded = next;
    }
    free(loader);
    errno = saved;
}

static enum ffitap_status load(struct ffitap_loader *loader, const char *name, const void *caller,
                               struct ffitap_library **out, struct ffitap_error *error)
{
    struct loaded *fresh = calloc(1, sizeof(*fresh));

    if (!fresh)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for library '%s'", name);
    const enum ffitap_status status = ffitap__library_create(
        name, loader->kind, loader->mode, loader->flags, caller, &fresh->library, error);
    if (status != FFITAP_OK) {
        free(fresh);
        return status;
    }
    *out = keep(loader, fresh);
    return FFITAP_OK;
}

enum ffitap_status ffitap_loader_borrow_library(struct ffitap_loader *loader, const char *name,
                                                struct ffitap_library **out,
                                                struct ffitap_error *error)
{
    if (!name || !*name)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "library name is %s",
                            name ? "empty" : "NULL");
    if (*name == '_')
        return ffitap__fail(error, FFITAP_NOT_FOUND,
                            "'%s' starts with '_': only ffitap_loader_load_library() loads it",
                            name);

    const int saved = errno;
    struct ffitap_library *library =
        find(atomic_load_explicit(&loader->newest, memory_order_acquire), name);
    const enum ffitap_status status =
        library ? FFITAP_OK : load(loader, name, __builtin_return_address(0), &library, error);
    if (status == FFITAP_OK)
        *out = library;
    errno = saved;
    return status;
}

enum ffitap_status ffitap_loader_load_library(struct ffitap_loader *loader, const char *name,
                                              struct ffitap_library **out,
                                              struct ffitap_error *error)
{
    const int saved = errno;
    const enum ffitap_status status = ffitap__library_create(
        name, loader->kind, loader->mode, loader->flags, __builtin_return_address(0), out, error);

    errno = saved;
    return status;
}
