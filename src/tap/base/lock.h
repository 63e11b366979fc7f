/* The tap's one lock, for what changes rarely: objects, functions, names. Calls take it only for
 * something new (tap/calls/call.h). */
#ifndef FFITAP_TAP_BASE_LOCK_H
#define FFITAP_TAP_BASE_LOCK_H

#include <stdbool.h>

/* Called at the start. From then on each thread calls `before_waiting` before it waits for the
 * lock. This is for work that a thread has to do once, and must not do while it holds the lock. */
void ffitap__lock_init(void (*before_waiting)(void));

/*
 * Takes the lock, and blocks signals while it is held. False if this thread holds it already, which
 * happens in the handler of a signal that the tap itself causes: what that handler does is then not
 * recorded. The lock survives fork(2). A thread that waits for this lock may hold the dynamic
 * linker's, for example in a callback of dl_iterate_phdr(3). So a thread that holds this lock must
 * not wait for the dynamic linker's: each would wait for the other for ever.
 */
bool ffitap__lock(void);
void ffitap__unlock(void);

/* The same without waiting: false as well if another thread holds it. */
bool ffitap__lock_try(void);

/* Called around fork(2): the child finds the lock as it was in the thread that forked. */
void ffitap__lock_before_fork(void);
void ffitap__lock_after_fork(void);

#endif
