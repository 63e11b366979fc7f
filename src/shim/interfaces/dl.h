/* What the other interfaces share with dlopen and its family (dl.c). */
#ifndef FFITAP_SHIM_INTERFACES_DL_H
#define FFITAP_SHIM_INTERFACES_DL_H

#include <stdint.h>

#include "tap/known/scan.h"

/* The return site for calls that are made in the name of `object` (arch/arch.h); 0 if it has none.
 * The object must be one that was hooked or is being hooked. */
uintptr_t ffitap__dl_return_site(const struct ffitap__object *object);

/* Has `loaded` called after each load, as struct ffitap__interface says. */
void ffitap__dl_tell_loads(void (*loaded)(const void *address));

#endif
