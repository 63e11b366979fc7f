/* The sources of foreign calls in this process: ctypes, cffi, the core itself, ... */
#ifndef FFITAP_TAP_RUNTIME_H
#define FFITAP_TAP_RUNTIME_H

#include <stdint.h>

#include <ffitap/export.h>

#include "tap/event.h"

#define FFITAP__RUNTIME_MAX 64u

/*
 * Makes a runtime known: its name, the path of the object that makes the calls, the function that
 * releases its interpreter lock ("" if it has none), and what that is. One whose lock may be on or
 * off has an id for each, and one for what was done when nobody could tell. Returns the id, 0 if
 * there is no room.
 */
FFITAP__CROSSING uint16_t ffitap__runtime_add(const char *name, const char *object,
                                              const char *lock, enum ffitap__lock_kind kind);

/*
 * Says that a runtime releases its interpreter lock with another function than was said before, or
 * that it has none any more; a session that hears of the runtime twice believes the last. Cheap if
 * nothing changed.
 */
FFITAP__CROSSING void ffitap__runtime_set_lock(uint16_t id, const char *lock,
                                               enum ffitap__lock_kind kind);

/* Tells every runtime. With the tap's lock held. */
void ffitap__runtime_describe_all(void (*tell)(const struct ffitap__runtime_event *event));

#endif
