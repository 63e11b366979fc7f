/* Asking the dynamic linker for a symbol. */
#ifndef FFITAP_CORE_LOOKUP_H
#define FFITAP_CORE_LOOKUP_H

#include <ffitap/library.h>

/* Finds `name` in `library` and tells the tap. `caller` is a code address in the object that asks.
 * May change errno. */
enum ffitap_status ffitap__lookup(struct ffitap_library *library, const char *name,
                                  const void *caller, void **address, struct ffitap_error *error);

#endif
