/* What happens in a process before its first foreign call. */
#ifndef FFITAP_CORE_START_H
#define FFITAP_CORE_START_H

#include <stdint.h>

#include "tap/free_threading.h"

/*
 * Makes this process ready for calls: the provider is loaded, the interpreter looked for and the
 * core known to the tap as a source of calls. Cheap when that was done. Keeps errno; leaves no
 * error for dlerror(3).
 */
void ffitap__core_start(void);

/* The second half of it: the core and its lock, which may have changed, as the tap knows them. */
void ffitap__core_announce(void);

/* The core's id among the runtimes of the tap. */
uint16_t ffitap__core_runtime(void);

/* The same for calls of a thread whose interpreter, a free-threaded one, has its lock or has not.
 */
uint16_t ffitap__core_runtime_in(enum ffitap__lock_state state);

#endif
