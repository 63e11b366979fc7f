/*
 * The table of mapped objects. Entries are used again, never freed, so that they stay readable for
 * who has found one without a lock (object.h); all of this is done with the tap's lock held.
 */
#ifndef FFITAP_TAP_OBJECT_TABLE_H
#define FFITAP_TAP_OBJECT_TABLE_H

#include "tap/object.h"

/* The mapped one after `object`, the first for NULL; NULL after the last. */
struct ffitap__object *ffitap__object_table_next(const struct ffitap__object *object);

/*
 * The one that is mapped from `path` at this place; NULL if none is. Fast if it comes after the one
 * that was found last.
 */
struct ffitap__object *ffitap__object_table_find(uintptr_t bias, const char *path);

/* Enters an object as mapped, with nothing told of it yet. NULL if the table is full. */
struct ffitap__object *ffitap__object_table_add(const struct ffitap__elf *elf, const char *path);

void ffitap__object_table_remove(struct ffitap__object *object);

/*
 * Whether `object` asks for an object to come along with it that goes by one of these names, which
 * are interned: its soname, "" if it has none, and the name of its file.
 */
bool ffitap__object_table_asks_for(const struct ffitap__object *object, const char *soname,
                                   const char *file);

/* The last part of a path, interned. */
const char *ffitap__object_table_file_of(const char *path);

#endif
