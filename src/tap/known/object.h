/* The table of mapped objects, and what an address belongs to. Entries are used again and never
 * freed, so that an entry stays readable for a thread that has found it without a lock. */
#ifndef FFITAP_TAP_KNOWN_OBJECT_H
#define FFITAP_TAP_KNOWN_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/elf.h"
#include "tap/base/event.h"

#define FFITAP__OBJECT_MAX 4096u

/* A word of an object that the visitor has changed. In a fresh copy of the object the word is
 * unchanged, which tells the copy from the object that was visited. */
struct ffitap__object_mark {
    void *const *place; /* NULL: none */
    const void *before, *after;
    const char *name; /* of the symbol whose address belongs there; in the object */
};

struct ffitap__object {
    _Atomic bool mapped; /* set last, cleared first */
    bool seen;           /* by the scan under way */
    bool reported;       /* as mapped */
    bool visited;        /* by the visitor */
    bool reached;        /* by a search of what an object needs */
    uint8_t cause;       /* enum ffitap__object_cause */
    struct ffitap__elf elf;
    /*
     * Where the object lies, as in `elf`, for readers that have no lock: see ffitap__object_at().
     */
    _Atomic uintptr_t start, end;
    const char *path; /* of the file; interned, as all strings here */
    const char *soname;
    const char *file; /* its path's last part */
    const char *build_id;
    const char *needed_by;
    const char **needed; /* the libraries it asks for, NULL-terminated; NULL if none */
    size_t needed_room;  /* the list has room for so many of them */

    struct ffitap__object_mark mark; /* the visitor's to set */
    void *notes;                     /* the visitor's own; NULL until it sets them */
    void *room; /* for notes: the visitor's to set, kept for the entry's next object */
};

/* The object that holds `address`, or NULL. Takes no lock; stays readable when the object goes. */
FFITAP__CROSSING struct ffitap__object *ffitap__object_at(const void *address);

/* Whether the object is mapped at this moment, and not only was at the last scan: it may have been
 * unloaded without the tap being told. Takes no lock, not even one of the dynamic linker's. */
bool ffitap__object_is_there(const struct ffitap__object *object);

/* The path of the object that holds `address`; "" if none does. Never NULL. */
FFITAP__CROSSING const char *ffitap__object_path_at(const void *address);

/* What a valid handle of dlopen(3) stands for: a path, "RTLD_DEFAULT", ... The text is good for as
 * long as the handle is. */
FFITAP__CROSSING const char *ffitap__object_path_of_handle(void *handle);

/*
 * Whether the object that holds `address` needs the one from `path`, which is interned, directly or
 * through others; an object needs itself. An object that is needed stays mapped for as long as one
 * that needs it does.
 */
FFITAP__CROSSING bool ffitap__object_needs(const void *address, const char *path);

/* The rest is done with the tap's lock held. */

/* The mapped object after `object`, the first for NULL; NULL after the last. */
struct ffitap__object *ffitap__object_table_next(const struct ffitap__object *object);

/* The object that is mapped from `path` with this bias; NULL if none is. The search is fast if the
 * object comes after the one that was found last. */
struct ffitap__object *ffitap__object_table_find(uintptr_t bias, const char *path);

/* Enters an object as mapped, with nothing told of it yet. NULL if the table is full. */
struct ffitap__object *ffitap__object_table_add(const struct ffitap__elf *elf, const char *path);

void ffitap__object_table_remove(struct ffitap__object *object);

/* Whether `object` needs a library that goes by one of these names: its soname, "" if it has none,
 * or the name of its file. Both names are interned. */
bool ffitap__object_table_asks_for(const struct ffitap__object *object, const char *soname,
                                   const char *file);

/* The last part of a path, interned. */
const char *ffitap__object_table_file_of(const char *path);

#endif
