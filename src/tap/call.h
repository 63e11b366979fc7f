/*
 * The calls that each thread is in, and the four moments of each:
 *
 *     lock released -> native code entered -> native code left -> lock held again
 *
 * The shim and the core tell them in this order; errno_asked, where the runtime exchanges errno,
 * comes between the first two. The clock is read once where one reading serves two moments: a
 * call with a GIL window costs three readings, one without two.
 *
 * Nothing here can fail, allocates after a thread's first call, takes a lock after a function's
 * first call, or changes errno. A call that cannot be recorded is counted as lost.
 */
#ifndef FFITAP_TAP_CALL_H
#define FFITAP_TAP_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/clock.h"
#include "tap/emit.h"
#include "tap/fast.h"
#include "tap/function.h"

/* Calls that nest deeper than this, through callbacks, are lost. */
#define FFITAP__FRAME_MAX 4096u

struct ffitap__frame {
    uint64_t call_id;
    uintptr_t stack; /* the caller's stack pointer: tells frames that were jumped over */
    const struct ffitap__function *function;
    uint64_t entered;
    uint64_t left;            /* 0 while in native code */
    uint64_t in_callbacks;    /* how long it was in them */
    uintptr_t callback_stack; /* of the callback that takes its time; 0 if none does */
    uint16_t runtime;
    uint16_t flags;  /* enum ffitap__call_flag */
    bool in_moments; /* somebody wants the call's single moments */
    int errno_before;
    int errno_private_in;
    int errno_private_out;
    int errno_after;
};

/* The runtime's interpreter lock was given up and no call has been made since. */
struct ffitap__window {
    bool open;
    uint64_t released;
    int errno_before;
};

/* Somebody took the address of errno, which tells an exchange if a call follows. */
struct ffitap__errno_question {
    uintptr_t stack; /* of who asked; 0 if nobody did */
    int value;
};

struct ffitap__tally; /* tally.c's own */

struct ffitap__thread {
    uint32_t depth;
    uint64_t next_call_id;
    uint64_t next_callback_id;
    struct ffitap__window window;
    struct ffitap__errno_question question;
    struct ffitap__clock_anchor anchor;
    struct ffitap__tally *tally; /* NULL until it counts something */
    struct ffitap__frame frames[FFITAP__FRAME_MAX];
};

/* NULL until the thread's first measured call. */
FFITAP__CROSSING extern FFITAP__THREAD_LOCAL struct ffitap__thread *ffitap__thread_self;

FFITAP__CROSSING struct ffitap__thread *ffitap__thread_prepare(void);
FFITAP__CROSSING struct ffitap__thread *ffitap__thread_start(void);

/* This thread's calls, made on first use, ahead of a call; NULL if there is no memory for them. */
static inline struct ffitap__thread *ffitap__thread_get_ahead(void)
{
    struct ffitap__thread *self = ffitap__thread_self;

    return FFITAP__LIKELY(self != NULL) ? self : ffitap__thread_prepare();
}

/* The same for the call itself, which is lost if there is none. */
static inline struct ffitap__thread *ffitap__thread_get(void)
{
    struct ffitap__thread *self = ffitap__thread_self;

    return FFITAP__LIKELY(self != NULL) ? self : ffitap__thread_start();
}

/* The interpreter lock has just been released, for a call that is about to be made. */
FFITAP__CROSSING void ffitap__call_lock_released(struct ffitap__thread *self, uint16_t runtime);

/*
 * `stack` is the caller's stack pointer, the same here and in ffitap__call_enter() if one
 * function does both: a callback may ask for errno too, and that is no exchange of a call's.
 */
static inline void ffitap__call_errno_asked(struct ffitap__thread *self, uintptr_t stack, int value)
{
    self->question.stack = stack;
    self->question.value = value;
}

/*
 * Native code at `address` is entered. `holds_lock`: the runtime has an interpreter lock, which it
 * has not released if ffitap__call_lock_released() was not called before. Returns the frame, for
 * ffitap__call_leave(); NULL if the call is lost.
 */
FFITAP__CROSSING struct ffitap__frame *ffitap__call_enter(struct ffitap__thread *self,
                                                          uint16_t runtime, const void *address,
                                                          bool has_lock, uintptr_t stack);

/*
 * It returned; `stack` as on entry, `frame` not NULL. Without a window the call is complete, and
 * with an exchange of errno the thread is taken to have its own value back.
 */
FFITAP__CROSSING void ffitap__call_leave(struct ffitap__thread *self, struct ffitap__frame *frame,
                                         uintptr_t stack);

/* Whether a call has returned and waits for its lock. */
static inline bool ffitap__call_wants_lock(const struct ffitap__thread *self)
{
    return self->depth && self->frames[self->depth - 1].left;
}

/* A call that wants its lock is about to ask for it; errno is what the thread has again. */
FFITAP__CROSSING void ffitap__call_lock_wanted(struct ffitap__thread *self);

/* It has it, and the call is complete; unless that was given up, for calls were made meanwhile by
 * whoever hands the lock out or by a signal handler. */
FFITAP__CROSSING void ffitap__call_lock_held(struct ffitap__thread *self);

/* The lock is held again and no call was made. */
static inline void ffitap__call_window_unused(struct ffitap__thread *self)
{
    self->window.open = false;
}

#endif
