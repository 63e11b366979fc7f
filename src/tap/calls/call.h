/*
 * The calls that each thread is in, and the four moments of each:
 *
 *     lock released -> native code entered -> native code left -> lock held again
 *
 * The shim and the core report these moments in this order. If the runtime exchanges errno,
 * errno_asked comes between the first two. One reading of the clock serves the first two moments;
 * it is taken as late as possible. So a call with a GIL window costs three readings, and a call
 * without one costs two.
 *
 * Nothing here can fail, or changes errno. Memory is mapped, and the tap's lock is taken, only for
 * something new: a thread, a function, a statistics file, or more room in that file. A call that
 * cannot be recorded is counted as lost.
 *
 * A signal handler may make calls of its own at any instruction of this code. Each of its calls
 * takes off the frame that it has put on (with one exception: see ffitap__call_take_window()).
 * Besides, it takes off only frames that ffitap__call_has_stale_frame() names.
 */
#ifndef FFITAP_TAP_CALLS_CALL_H
#define FFITAP_TAP_CALLS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "arch/arch.h"
#include "tap/base/clock.h"
#include "tap/base/fast.h"
#include "tap/calls/count.h"
#include "tap/calls/tally.h"
#include "tap/calls/thread.h"
#include "tap/sinks/lttng.h"

/* The slow ways of the inline functions below, for calls with which there is more to do than to
 * count them. */
FFITAP__CROSSING void ffitap__call_tell_release(struct ffitap__thread *self, uint16_t runtime);
FFITAP__CROSSING struct ffitap__frame *ffitap__call_enter_slowly(struct ffitap__thread *self,
                                                                 uint16_t runtime,
                                                                 const void *address, bool has_lock,
                                                                 uintptr_t stack);
FFITAP__CROSSING void ffitap__call_leave_slowly(struct ffitap__thread *self, uintptr_t stack,
                                                uint64_t left);
FFITAP__CROSSING void ffitap__call_tell_return(struct ffitap__thread *self);
FFITAP__CROSSING void ffitap__call_end_slowly(struct ffitap__thread *self,
                                              struct ffitap__frame *frame, uint64_t left,
                                              uint64_t held);

/* A plan passes its call on from at most this many bytes below the plan's caller on the stack. */
#define FFITAP__CALL_OF_PLAN_MAX 1024u

/* Notes that the interpreter lock is released for a call that is about to be made. */
static inline void ffitap__call_note_window(struct ffitap__thread *self)
{
    self->window.open = 1;
    self->question.stack = 0;
}

/* The same, called after the lock was released: this also tells sessions that listen to events. */
static inline void ffitap__call_lock_released(struct ffitap__thread *self, uint16_t runtime)
{
    ffitap__call_note_window(self);
    if (FFITAP__UNLIKELY(ffitap__watch_events()))
        ffitap__call_tell_release(self, runtime);
}

/*
 * The address of errno was asked for. `stack` is the stack pointer of the function that asked. If
 * that function makes the call as well, ffitap__call_enter() gets the same stack pointer. This
 * tells the exchange of a call from a question that a callback asks.
 */
static inline void ffitap__call_errno_asked(struct ffitap__thread *self, uintptr_t stack, int value)
{
    self->question.stack = stack;
    self->question.value = value;
}

/*
 * Whether a frame is stale: an exception or a longjmp has unwound the stack past its call, or the
 * call's lock was never taken back. Stacks grow down, so every frame that a new call can still
 * return to lies above that call. A call on another stack (a coroutine's) may end a live frame
 * early. That frame is then not found when its call returns, and nothing is counted twice.
 */
static inline bool ffitap__call_is_stale(uintptr_t frames_stack, uintptr_t stack)
{
    return frames_stack - 1 < stack; /* - 1: FFITAP__FRAME_FREE is never stale */
}

static inline bool ffitap__call_has_stale_frame(const struct ffitap__thread *self, uintptr_t stack)
{
    return self->depth && ffitap__call_is_stale(self->frames[self->depth - 1].stack, stack);
}

/*
 * The flags of the call that is to begin: its lock was released ahead of it, or there is a lock and
 * the call keeps it. They are found out before the call has a frame. A signal handler's call that
 * finds the window open takes the window. No lock is taken back for that call, so its frame stays
 * where it is after the call has left native code.
 */
static inline uint32_t ffitap__call_take_window(struct ffitap__thread *self, bool has_lock)
{
    return ffitap__take(&self->window.open) ? FFITAP__CALL_GIL_RELEASED
           : has_lock                       ? FFITAP__CALL_GIL_HELD
                                            : 0;
}

/*
 * Takes the next frame. A signal handler that comes before `depth` is raised uses this same frame
 * for its calls, and leaves it free again; one that comes later uses frames above it. A handler
 * that comes before this frame is filled in does not find it stale.
 */
static inline struct ffitap__frame *ffitap__call_push(struct ffitap__thread *self, uintptr_t stack)
{
    /* If a signal handler has jumped out of ffitap__call_pop(), anything may stand here. */
    self->frames[self->depth].stack = stack;
    atomic_signal_fence(memory_order_seq_cst);
    struct ffitap__frame *frame = &self->frames[ffitap__take_next(&self->depth)];
    atomic_signal_fence(memory_order_seq_cst);
    frame->entered = 0;
    atomic_signal_fence(memory_order_seq_cst);
    frame->stack = stack;
    frame->in_callbacks = 0;
    frame->callback_stack = 0;
    frame->call_id = 0;
    return frame;
}

/* The frame's number among the thread's, from 1: so many calls are under way, up to and with this
 * one. */
static inline uint32_t ffitap__call_depth(const struct ffitap__thread *self,
                                          const struct ffitap__frame *frame)
{
    return (uint32_t)(frame - self->frames) + 1;
}

/*
 * The call of `frame`, the thread's `depth`th, begins at the moment `now`, and is shown in flight.
 */
static inline void ffitap__call_begin(struct ffitap__statistics_thread *thread,
                                      struct ffitap__frame *frame, uint32_t depth, uint64_t now)
{
    struct ffitap__statistics_in_flight *call = &thread->in_flight[depth - 1];

    call->function_id = frame->callee.function_id;
    call->runtime_id = frame->callee.runtime_id;
    call->entered_ticks = now;
    frame->entered = now;
    atomic_store_explicit(&thread->depth, depth, memory_order_release);
}

/* A call is about to be made through a plan. */
static inline void ffitap__call_note_plan(struct ffitap__thread *self, const void *function,
                                          uintptr_t stack)
{
    self->planned.stack = stack;
    self->planned.function = function;
}

/*
 * Whether this call of the function is no call of its own but the plan's call under way, which the
 * plan passes on to another function that makes calls. It is the plan's call if that call was the
 * last to begin, if no callback has come out of it, and if the plan's caller lies further up the
 * stack, though not so far that native code could be in between. A caller that has jumped out of
 * the plan's call may call the same function itself. If its stack pointer is the same, that is seen
 * to be another call. If the caller is further down the stack, and no other call has shown yet that
 * the plan's call is over, the new call cannot be told from the plan's, and is not counted.
 */
static inline bool ffitap__call_is_plans(const struct ffitap__thread *self, const void *function,
                                         uintptr_t stack)
{
    const struct ffitap__frame *top = &self->frames[self->depth - 1u];

    return self->depth && top->stack == self->planned.stack && self->planned.function == function &&
           !top->callback_stack && stack < top->stack &&
           top->stack - stack < FFITAP__CALL_OF_PLAN_MAX;
}

/* Forgets what was noted ahead of a call, because the call is lost or is not to be measured. */
static inline void ffitap__call_forget_ahead(struct ffitap__thread *self)
{
    self->window.open = 0;
    self->question.stack = 0;
}

/*
 * The fast way, which nearly every call takes while calls are counted and nothing else: the thread
 * has called the function before, and has no stale frame on top. This way calls no function, so its
 * caller need not save the arguments of the foreign call. NULL if the call has to go the slow way.
 */
static inline __attribute__((always_inline)) struct ffitap__frame *
ffitap__call_enter_counted(struct ffitap__thread *self, uint16_t runtime, const void *address,
                           bool has_lock, uintptr_t stack)
{
    const uint64_t key = ffitap__thread_key(address, runtime);
    const uint32_t depth = self->depth;

    if (FFITAP__UNLIKELY(self->counting != ffitap__watch_state() || self->question.stack ||
                         (depth && (depth >= FFITAP__STATISTICS_IN_FLIGHT ||
                                    ffitap__call_has_stale_frame(self, stack)))))
        return NULL;
    struct ffitap__cell *cell =
        atomic_load_explicit(&ffitap__thread_memo(self, key)->cell, memory_order_relaxed);
    if (FFITAP__UNLIKELY(atomic_load_explicit(&cell->key, memory_order_relaxed) != key))
        return NULL;

    const uint32_t flags = ffitap__call_take_window(self, has_lock);
    struct ffitap__frame *frame = ffitap__call_push(self, stack);
    frame->cell = cell;
    frame->callee = cell->callee;
    frame->flags = flags;
    ffitap__call_begin(cell->tally->thread, frame, ffitap__call_depth(self, frame),
                       ffitap__ticks_read());
    return frame;
}

/*
 * Native code at `address` is entered. `has_lock`: the runtime has an interpreter lock, which it
 * has not released if ffitap__call_lock_released() was not called before. Returns the call's frame;
 * NULL if the call is lost or left out by the filter; ffitap__call_leave() must then not be called
 * for it.
 */
static inline struct ffitap__frame *ffitap__call_enter(struct ffitap__thread *self,
                                                       uint16_t runtime, const void *address,
                                                       bool has_lock, uintptr_t stack)
{
    struct ffitap__frame *frame =
        ffitap__call_enter_counted(self, runtime, address, has_lock, stack);

    return FFITAP__LIKELY(frame != NULL)
               ? frame
               : ffitap__call_enter_slowly(self, runtime, address, has_lock, stack);
}

/* Takes off the top frame. This is the last thing that is done for a call: until then a signal
 * handler that makes calls finds the frame as it was in native code, and uses frames above it. */
static inline void ffitap__call_pop(struct ffitap__thread *self, struct ffitap__frame *frame,
                                    const struct ffitap__tally *tally)
{
    const uint32_t depth = ffitap__call_depth(self, frame) - 1;

    atomic_signal_fence(memory_order_seq_cst);
    self->depth = depth;
    atomic_signal_fence(memory_order_seq_cst);
    frame->stack = FFITAP__FRAME_FREE;
    if (tally)
        atomic_store_explicit(&tally->thread->depth, depth, memory_order_release);
}

/* Whether only the usual is to be said of a call: no exchange of errno, no time in callbacks. */
static inline bool ffitap__call_is_usual(const struct ffitap__frame *frame)
{
    return frame->flags <= (FFITAP__CALL_GIL_RELEASED | FFITAP__CALL_GIL_HELD) &&
           !frame->in_callbacks;
}

/*
 * Ends the call of the top frame: a usual one, with which there is nothing to do but to count it.
 */
static inline __attribute__((always_inline)) void ffitap__call_end(struct ffitap__thread *self,
                                                                   struct ffitap__frame *frame,
                                                                   bool has_window, uint64_t left,
                                                                   uint64_t held)
{
    const struct ffitap__tally *tally = frame->cell->tally;
    struct ffitap__places places;

    if (FFITAP__UNLIKELY(!ffitap__tally_find(tally, frame, has_window, left, held, &places))) {
        ffitap__call_end_slowly(self, frame, left, held);
        return;
    }
    ffitap__count_add(frame->cell->shared, has_window, &places, frame->flags);
    ffitap__call_pop(self, frame, tally);
}

/* Whether the call of the top frame, if there is one, is only to be counted. */
static inline bool ffitap__call_is_only_counted(const struct ffitap__thread *self,
                                                const struct ffitap__frame *top)
{
    return self->counting == ffitap__watch_state() && top->cell;
}

/* Shows in the file that the call of `frame` has left native code and waits for its lock. The call
 * may wait for ever: an interpreter that ends does not give the lock to some threads any more. */
static inline void ffitap__call_show_wait(const struct ffitap__frame *frame, uint64_t left)
{
    struct ffitap__statistics_thread *thread = frame->cell->tally->thread;

    atomic_store_explicit(&thread->left_ticks, left, memory_order_relaxed);
    atomic_store_explicit(&thread->left_entered_ticks, frame->entered, memory_order_release);
}

/* The call of the top frame has left native code and waits for its lock. From now on a call that a
 * signal handler makes takes this frame off. */
static inline void ffitap__call_wait(struct ffitap__frame *frame, uint64_t left)
{
    frame->left = left;
    atomic_signal_fence(memory_order_seq_cst);
    frame->stack = FFITAP__FRAME_WAITS;
}

/*
 * Native code has returned. `stack` is the stack pointer that ffitap__call_enter() got: it tells
 * this call from others. A call without a window is complete now; if it exchanged errno, the thread
 * is taken to have its own value back.
 */
static inline void ffitap__call_leave(struct ffitap__thread *self, uintptr_t stack)
{
    const uint64_t left = ffitap__ticks_read();
    struct ffitap__frame *frame = &self->frames[self->depth - 1u];

    if (FFITAP__UNLIKELY(!self->depth || frame->stack != stack || !ffitap__call_is_usual(frame) ||
                         !ffitap__call_is_only_counted(self, frame))) {
        ffitap__call_leave_slowly(self, stack, left);
        return;
    }
    self->question.stack = 0;
    if (frame->flags & FFITAP__CALL_GIL_RELEASED) {
        ffitap__call_show_wait(frame, left);
        ffitap__call_wait(frame, left);
    } else {
        ffitap__call_end(self, frame, false, left, left);
    }
}

/*
 * The same, in whatever thread this is now: native code may have switched to another stack, and
 * another thread may have gone on with the caller's. The call then stays unfinished in the thread
 * that made it.
 */
static inline void ffitap__call_leave_here(uintptr_t stack)
{
    struct ffitap__thread *self = ffitap__thread_self;

    if (FFITAP__LIKELY(self != NULL))
        ffitap__call_leave(self, stack);
}

/* Whether a call has returned and waits for its lock. */
static inline bool ffitap__call_wants_lock(const struct ffitap__thread *self)
{
    return self->depth && self->frames[self->depth - 1].stack == FFITAP__FRAME_WAITS;
}

/* A call that waits for its lock is about to ask for it. The thread has its own errno again. */
static inline void ffitap__call_lock_wanted(struct ffitap__thread *self)
{
    if (FFITAP__UNLIKELY(ffitap__watch_events()))
        ffitap__call_tell_return(self);
}

/*
 * The thread has its lock again, and so the call is complete. Nothing happens if the call was given
 * up meanwhile, because calls were made by a signal handler or by the code that hands the lock out.
 * `stack` is a stack pointer of the caller's.
 */
static inline void ffitap__call_lock_held(struct ffitap__thread *self, uintptr_t stack)
{
    const uint64_t held = ffitap__ticks_read();
    struct ffitap__frame *frame = &self->frames[self->depth - 1u];

    /* With `stack` in the frame, signal handlers find the frame further up the stack than they are,
     * and leave it to us. */
    if (FFITAP__UNLIKELY(!self->depth ||
                         !ffitap__replace(&frame->stack, FFITAP__FRAME_WAITS, stack)))
        return;
    if (FFITAP__LIKELY(ffitap__call_is_usual(frame) && ffitap__call_is_only_counted(self, frame)))
        ffitap__call_end(self, frame, true, frame->left, held);
    else
        ffitap__call_end_slowly(self, frame, frame->left, held);
}

/* The lock is held again and no call was made. */
static inline void ffitap__call_window_unused(struct ffitap__thread *self)
{
    self->window.open = 0;
}

/* Gives up the calls that a thread has under way when it ends, innermost first. */
void ffitap__call_drop_all(struct ffitap__thread *self);

/* The same, and then all that is kept of the thread. */
void ffitap__call_end_thread(void *thread);

/* Called in a child of fork(2): the calls that its one thread is in were begun by the parent. */
void ffitap__call_start_child(void);

#endif
