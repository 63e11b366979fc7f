/* Loaders: libraries by name, each loaded once (ctypes: LibraryLoader, cdll, pydll, ...). */
#ifndef FFITAP_LOADER_H
#define FFITAP_LOADER_H

#include <ffitap/export.h>
#include <ffitap/library.h>
#include <ffitap/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What loads libraries of one kind. Every thread may use it at the same time as others. */
struct ffitap_loader;

/*
 * Creates a loader whose libraries are created with `kind`, `mode` and `flags`. The caller owns it
 * and releases it with ffitap_loader_destroy(). Fails as ffitap_library_create() does for `kind`
 * and `flags`, and with FFITAP_NO_MEMORY; then `*out` is left untouched.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status ffitap_loader_create(enum ffitap_library_kind kind,
                                                                    int mode, unsigned flags,
                                                                    struct ffitap_loader **out,
                                                                    struct ffitap_error *error);

/* Releases `loader` and every library that was borrowed from it. NULL is allowed. The prefabricated
 * loaders below are never released: for them nothing happens. */
FFITAP_API void ffitap_loader_destroy(struct ffitap_loader *loader);

/*
 * The library `name`, the way `cdll.name` finds it (LibraryLoader.__getattr__): the first access
 * loads the library, and every later one gives the same object, even if several threads make the
 * first access at once. The library belongs to the loader, and is released with it.
 *
 * FFITAP_NOT_FOUND for a name that starts with "_": nothing is loaded. FFITAP_BAD_ARGUMENT for NULL
 * and "". Otherwise fails as ffitap_library_create() does; a name that failed is tried again the
 * next time.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_loader_borrow_library(struct ffitap_loader *loader, const char *name,
                             struct ffitap_library **out, struct ffitap_error *error);

/*
 * The library `name`, the way `cdll.LoadLibrary(name)` loads it: each time a new object, whatever
 * the name looks like. NULL is the main program. The caller owns the library and releases it with
 * ffitap_library_destroy(). Fails as ffitap_library_create() does.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status
ffitap_loader_load_library(struct ffitap_loader *loader, const char *name,
                           struct ffitap_library **out, struct ffitap_error *error);

/*
 * The prefabricated loaders, with FFITAP_DEFAULT_MODE and no flags. They need no set-up and stay
 * until the process ends. All code in the process gets the same libraries and functions from them,
 * types included (as in ctypes), so a plugin does better with a loader of its own. Where
 * Microsoft's calling convention is missing, windll and oledll load nothing and say
 * FFITAP_NOT_SUPPORTED.
 */
FFITAP_API struct ffitap_loader *ffitap_cdll(void);
FFITAP_API struct ffitap_loader *ffitap_pydll(void);
FFITAP_API struct ffitap_loader *ffitap_windll(void);
FFITAP_API struct ffitap_loader *ffitap_oledll(void);

/*
 * The CPython in this process as a FFITAP_PYDLL (ctypes: pythonapi), wherever it is: in the global
 * scope or in a libpython that was loaded apart. It is always the same object, which stays ours
 * until the process ends. Its functions return int until set otherwise. FFITAP_NOT_FOUND while
 * there is no CPython: `*out` is then left untouched, and CPython is looked for again the next
 * time.
 */
FFITAP_API FFITAP_NODISCARD enum ffitap_status ffitap_pythonapi_borrow(struct ffitap_library **out,
                                                                       struct ffitap_error *error);

#ifdef __cplusplus
}
#endif

#endif
