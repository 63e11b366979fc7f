/*
 * Native code calling back, out of a call that src/tap/calls/call.h knows of or on a thread of its
 * own.
 *
 * A callback lasts from where native code enters the runtime to where native code gets control
 * back, the wait for the interpreter lock included. Native code does not run in that time, so it is
 * no part of the call's self time. The time that the tap itself takes to record the callback is
 * part of neither. What a callback does to the interpreter lock opens no window of a later call:
 * when the callback ends, the runtime gives up the lock that it took for the callback. Nothing here
 * can fail, or changes errno. As for calls, memory is mapped and the tap's lock is taken only for
 * something new.
 */
#ifndef FFITAP_TAP_CALLS_CALLBACK_H
#define FFITAP_TAP_CALLS_CALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/base/event.h"
#include "tap/calls/call.h"

/*
 * A callback under way. It lies on the stack of the function that calls the runtime back, and
 * nothing else knows of it: if a longjmp jumps over a callback, its end is simply never reported.
 */
struct ffitap__callback {
    struct ffitap__callback_event event;
    struct ffitap__frame *frame;  /* the call whose time this takes; NULL if it takes none */
    uint64_t frame_entered;       /* tells whether `frame` is still the same call's */
    struct ffitap__window window; /* what native code had open around the callback */
    uint64_t began;               /* when native code left off */
    uint64_t entered;             /* when that had been told to listeners */
    bool is_told;
};

/* Native code calls `closure`, which leads into `runtime`. `stack` is a stack pointer of the
 * function that native code has entered; the call that the callback comes out of lies above it. */
FFITAP__CROSSING void ffitap__callback_enter(struct ffitap__thread *self,
                                             struct ffitap__callback *callback, const void *closure,
                                             uint16_t runtime, uintptr_t stack);

/* The callback goes back into native code. If another thread does that, having gone on with a
 * coroutine's stack, the callback's end is not reported. */
FFITAP__CROSSING void ffitap__callback_leave(struct ffitap__thread *self,
                                             struct ffitap__callback *callback);

#endif
