/*
 * The tap's one lock, for what changes rarely: objects, functions, names. Calls never take it.
 */
#ifndef FFITAP_TAP_LOCK_H
#define FFITAP_TAP_LOCK_H

#include <stdbool.h>

/*
 * Takes the lock, and holds signals off meanwhile; false if this thread holds it already, which
 * happens in the handler of a signal that the tap itself causes: what that does is then not
 * recorded. The lock survives fork(2). Whoever waits for it may hold the dynamic linker's, in a
 * callback of dl_iterate_phdr(3) for one; so nobody who holds it waits for that one.
 */
bool ffitap__lock(void);
void ffitap__unlock(void);

/* The same without waiting: false as well if another thread holds it. */
bool ffitap__lock_try(void);

#endif
