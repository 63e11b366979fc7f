/*
 * Which objects the dynamic linker has mapped, found out by a walk through its list: what an audit
 * lists, and what the shim hooks.
 */
#ifndef FFITAP_TAP_KNOWN_SCAN_H
#define FFITAP_TAP_KNOWN_SCAN_H

#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/known/object.h"

/* Called once for every mapped object, with the tap's lock held and while the dynamic linker keeps
 * the object from going. A visitor must not call the dynamic linker. */
typedef void ffitap__object_visitor(struct ffitap__object *object);

/* Sets the visitor and shows it every object that is mapped now. */
FFITAP__CROSSING void ffitap__object_watch(ffitap__object_visitor *visitor);

/*
 * Brings the table up to date after something may have come or gone, and reports the difference.
 * `asked_for` is an address in the object that a load returned, 0 if none did. Returns how many
 * objects went.
 */
FFITAP__CROSSING unsigned ffitap__object_update(uintptr_t asked_for);

/* Called before and after the dynamic linker loads something for a load that the tap knows of. What
 * the load brings is left to the update that follows it. */
void ffitap__object_load_begins(void);
void ffitap__object_load_is_over(void);

/* Called in a child of fork(2), where the other threads' loads do not go on. */
void ffitap__object_start_child(void);

/* Tells every object that is mapped. With the tap's lock held. */
void ffitap__object_describe_all(void (*tell)(const struct ffitap__object_event *event));

#endif
