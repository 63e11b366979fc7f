/*
 * The objects that the dynamic linker has mapped: what an audit lists, what an address belongs to,
 * and what the shim hooks.
 */
#ifndef FFITAP_TAP_OBJECT_H
#define FFITAP_TAP_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/elf.h"
#include "tap/event.h"

#define FFITAP__OBJECT_MAX 4096u

/* A word of an object that the visitor has changed, which a fresh copy of the object has not. */
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
    /* The same place for who reads without the lock: see ffitap__object_at(). */
    _Atomic uintptr_t start, end;
    const char *path; /* of the file; interned, as all strings here */
    const char *soname;
    const char *file; /* its path's last part */
    const char *build_id;
    const char *needed_by;
    const char **needed; /* the libraries it asks for, NULL-terminated; NULL if none */
    size_t needed_room;  /* for so many of them */

    struct ffitap__object_mark mark; /* the visitor's to set */
    void *notes;                     /* the visitor's own; NULL until it sets them */
    void *room; /* for them: the visitor's to set, kept for the entry's next object */
};

/*
 * Told of every mapped object once, with the tap's lock held and while the dynamic linker keeps
 * the object from going: must not call the dynamic linker.
 */
typedef void ffitap__object_visitor(struct ffitap__object *object);

/* Sets the visitor and shows it every object that is mapped now. */
FFITAP__CROSSING void ffitap__object_watch(ffitap__object_visitor *visitor);

/*
 * Brings the table up to date after something may have come or gone, and reports the difference.
 * `asked_for` is an address in the object that a load returned, 0 if none did. Returns how many
 * objects went.
 */
FFITAP__CROSSING unsigned ffitap__object_update(uintptr_t asked_for);

/*
 * A load of which the tap is told, from before the dynamic linker is called until it is back: what
 * it brings is left to the update that follows.
 */
void ffitap__object_load_begins(void);
void ffitap__object_load_is_over(void);

/* In a child of fork(2), where the other threads' loads do not go on. */
void ffitap__object_start_child(void);

/* The object that holds `address`, or NULL. Takes no lock; stays readable when the object goes. */
FFITAP__CROSSING struct ffitap__object *ffitap__object_at(const void *address);

/*
 * Whether the object is mapped at this moment, and not only as of the last scan: it may have been
 * unloaded by who did not tell. Takes no lock, of the dynamic linker's neither.
 */
bool ffitap__object_is_there(const struct ffitap__object *object);

/* The path of the object that holds `address`; "" if none does. Never NULL. */
FFITAP__CROSSING const char *ffitap__object_path_at(const void *address);

/*
 * What a handle of dlopen(3) stands for, which must be valid: a path, "RTLD_DEFAULT", ... Good for
 * as long as the handle is.
 */
FFITAP__CROSSING const char *ffitap__object_path_of_handle(void *handle);

/*
 * Whether the object that holds `address` needs the one from `path`, which is interned, directly or
 * through others; an object needs itself. What is needed stays for as long as who needs it does.
 */
FFITAP__CROSSING bool ffitap__object_needs(const void *address, const char *path);

/* Tells every object that is mapped. With the tap's lock held. */
void ffitap__object_describe_all(void (*tell)(const struct ffitap__object_event *event));

#endif
