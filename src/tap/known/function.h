/*
 * The functions that foreign calls go to. An address maps to one function: library, symbol and
 * where the name came from. Reading takes no lock; learning a function does, once.
 */
#ifndef FFITAP_TAP_KNOWN_FUNCTION_H
#define FFITAP_TAP_KNOWN_FUNCTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/known/function_table.h"

/* Whether calls of the function are left out by the filter. A lookup that gives the function
 * another name may change that. */
static inline bool ffitap__function_is_excluded(const struct ffitap__function *function)
{
    return atomic_load_explicit(&function->is_excluded, memory_order_relaxed);
}

/*
 * Names the function at `address` as a lookup asked for it, or as the host that gave the address
 * said. The first such name stays: `address` is one function, however many names it has. NULL if
 * the function could not be kept.
 */
FFITAP__CROSSING const struct ffitap__function *ffitap__function_announce(const void *address,
                                                                          const char *symbol);

/* The function at `address`; named after the nearest export if no lookup announced it. */
FFITAP__CROSSING const struct ffitap__function *ffitap__function_at(const void *address);

/* Forgets the addresses from `start` to `end`, whose object went. With the tap's lock held. */
void ffitap__function_retire(uintptr_t start, uintptr_t end);

/* Forgets the functions from `start` to `end` that lay in no object (a closure's code, for
 * example), because an object has come to lie there. With the tap's lock held. */
void ffitap__function_make_way(uintptr_t start, uintptr_t end);

/* Tells every function that is known. With the tap's lock held. */
void ffitap__function_describe_all(void (*tell)(const struct ffitap__function_event *event));

#endif
