/*
 * Native code calling back, out of a call that src/tap/calls/call.h knows of or on a thread of its
 * own.
 *
 * A callback lasts from where native code enters the runtime to where it gets the control back, the
 * wait for the interpreter lock included: that is time in which native code does not run, and so it
 * is none of its call's self time. What the tap itself takes to tell of the callback is part of
 * neither. What it does to the interpreter lock opens no window of a later call: when it ends the
 * runtime gives up the lock that it took for it. Nothing here can fail, allocates after a thread's
 * first call or callback, takes a lock, or changes errno.
 */
#ifndef FFITAP_TAP_CALLS_CALLBACK_H
#define FFITAP_TAP_CALLS_CALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/calls/call.h"
#include "tap/base/event.h"

/* A callback under way: room for it lies where the runtime is called back. Nothing else knows of
 * it, so one that a longjmp leaves is simply never told to be over. */
struct ffitap__callback {
    struct ffitap__callback_event event;
    struct ffitap__frame *frame;  /* whose time it takes; NULL if none, or another callback's */
    uint64_t frame_entered;       /* which says whether the frame is still the same call's */
    struct ffitap__window window; /* that native code had open around it */
    uint64_t began;               /* native code left off */
    uint64_t entered;             /* and this was told */
    bool is_told;
};

/*
 * Native code calls `closure`, which leads into `runtime`. `stack` is a stack pointer of the
 * function that this came to: the call that it came out of lies above.
 */
FFITAP__CROSSING void ffitap__callback_enter(struct ffitap__thread *self,
                                             struct ffitap__callback *callback, const void *closure,
                                             uint16_t runtime, uintptr_t stack);

/* The same callback goes back into native code. In another thread, which went on with a coroutine's
 * stack, it is not told to be over. */
FFITAP__CROSSING void ffitap__callback_leave(struct ffitap__thread *self,
                                             struct ffitap__callback *callback);

#endif
