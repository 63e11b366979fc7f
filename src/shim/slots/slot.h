/*
 * The relocation slots of an object: the places from which its code takes the address of a function
 * of another object. Rewriting them hooks one object without touching another, works where the
 * function is defined by the program itself, and leaves the function what it is.
 */
#ifndef FFITAP_SHIM_SLOTS_SLOT_H
#define FFITAP_SHIM_SLOTS_SLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "tap/base/elf.h"

struct ffitap__slot {
    void **place;
    const ElfW(Sym) * symbol;
    const char *name;
    bool is_variable; /* the program's own data: it may have put something else there */
};

typedef void ffitap__slot_visitor(const struct ffitap__slot *slot, void *data);

/* Calls `visit` for each slot that holds a function or an object by name. */
void ffitap__slot_each(const struct ffitap__elf *elf, ffitap__slot_visitor *visit, void *data);

/*
 * What the slot leads to; NULL if the dynamic linker has not bound it yet and it leads to the
 * object's own linkage stub, which must not be called once the slot is rewritten.
 */
void *ffitap__slot_target(const struct ffitap__elf *elf, const struct ffitap__slot *slot);

/* Rewrites the slot, read-only or not. False if the page cannot be written to. */
bool ffitap__slot_rewrite(const struct ffitap__elf *elf, const struct ffitap__slot *slot,
                          void *target);

#endif
