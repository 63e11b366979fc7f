/*
 * Ruby's interpreter lock. An object gives the lock up by handing a function of its own to Ruby,
 * and Ruby calls that function without the lock. So the lock has been released where the function
 * begins, and the wait to get it back begins where the function ends.
 */
#ifndef FFITAP_SHIM_INTERFACES_FFI_GVL_H
#define FFITAP_SHIM_INTERFACES_FFI_GVL_H

#include <stdatomic.h>
#include <stdint.h>

typedef void *ffitap__gvl_function(void *data);
typedef void ffitap__gvl_unblock_function(void *data);

/* rb_thread_call_without_gvl. */
typedef void *ffitap__gvl_release_function(ffitap__gvl_function *function, void *data,
                                           ffitap__gvl_unblock_function *unblock,
                                           void *unblock_data);

/* Does what `real` does, and records the window of the foreign call that `function` makes, if it
 * makes one. */
void *ffitap__gvl_release(ffitap__gvl_release_function *real, const _Atomic uint16_t *runtime,
                          ffitap__gvl_function *function, void *data,
                          ffitap__gvl_unblock_function *unblock, void *unblock_data);

#endif
