/*
 * Ruby's interpreter lock. An object gives it up by handing a function of its own to Ruby, which
 * calls that without the lock: where the function begins the lock has been released, and where it
 * ends the wait to have it back begins.
 */
#ifndef FFITAP_SHIM_INTERFACES_GVL_H
#define FFITAP_SHIM_INTERFACES_GVL_H

#include <stdatomic.h>
#include <stdint.h>

typedef void *ffitap__gvl_function(void *data);
typedef void ffitap__gvl_unblock_function(void *data);

/* rb_thread_call_without_gvl. */
typedef void *ffitap__gvl_release_function(ffitap__gvl_function *function, void *data,
                                           ffitap__gvl_unblock_function *unblock,
                                           void *unblock_data);

/* Does what `real` does, and tells the window of the foreign call that `function` makes, if any. */
void *ffitap__gvl_release(ffitap__gvl_release_function *real, const _Atomic uint16_t *runtime,
                          ffitap__gvl_function *function, void *data,
                          ffitap__gvl_unblock_function *unblock, void *unblock_data);

#endif
