/*
 * Calling the dynamic linker in somebody else's name.
 *
 * The GNU C library takes much from the return address of dlopen(3) and dlsym(3): whose RUNPATH and
 * $ORIGIN to search, which namespace to load into, what RTLD_NEXT is next to. A wrapper that calls
 * the real function becomes the caller, and programs stop finding their libraries. So the real
 * function is given a return address inside the object that really called: that of a `ret`
 * instruction there, which brings control back to us.
 */
#ifndef FFITAP_SHIM_CALLER_H
#define FFITAP_SHIM_CALLER_H

#include <stdint.h>

#include "tap/elf.h"

/* A `ret` instruction in the object's code; 0 if there is none to be read. */
uintptr_t ffitap__caller_return_site(const struct ffitap__elf *elf);

/*
 * Calls `function` with up to three arguments so that it returns to `site`, which must be a `ret`
 * instruction, and from there here.
 */
void *ffitap__caller_impersonate(uintptr_t site, void *function, void *first, uintptr_t second,
                                 uintptr_t third);

#endif
