/*
 * The tap's one lock, for what changes rarely: objects, functions, names. Calls never take it.
 */
#ifndef FFITAP_TAP_LOCK_H
#define FFITAP_TAP_LOCK_H

#include <stdbool.h>

/*
 * Takes the lock; false if this thread holds it already, which happens when a signal handler
 * interrupts the tap: what the handler does is then not recorded. The lock survives fork(2).
 */
bool ffitap__lock(void);
void ffitap__unlock(void);

#endif
