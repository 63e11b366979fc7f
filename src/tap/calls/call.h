/*
 * The calls that each thread is in, and the four moments of each:
 *
 *     lock released -> native code entered -> native code left -> lock held again
 *
 * The shim and the core tell them in this order; errno_asked, where the runtime exchanges errno,
 * comes between the first two. The clock is read once where one reading serves two moments: the
 * first two are one, read as late as possible. A call with a GIL window costs three readings, one
 * without two.
 *
 * Nothing here can fail, allocates after a thread's first call, takes a lock after a function's
 * first call, or changes errno. A call that cannot be recorded is counted as lost.
 *
 * A signal handler may make calls of its own at any instruction of this. It takes off what it put
 * on, and besides only what ffitap__call_has_stale_frame() says.
 */
#ifndef FFITAP_TAP_CALLS_CALL_H
#define FFITAP_TAP_CALLS_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "arch/arch.h"
#include "tap/base/clock.h"
#include "tap/calls/count.h"
#include "tap/events/lttng.h"
#include "tap/base/fast.h"
#include "tap/calls/tally.h"
#include "tap/calls/thread.h"

/* The ways that these take where there is more to do than to count. */
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

/* How far below a plan's caller, in bytes, the plan passes its call on. */
#define FFITAP__CALL_OF_PLAN_MAX 1024u

/* The interpreter lock is released, for a call that is about to be made. */
static inline void ffitap__call_note_window(struct ffitap__thread *self)
{
    self->window.open = 1;
    self->question.stack = 0;
}

/* The same, once it is, for those who listen as well. */
static inline void ffitap__call_lock_released(struct ffitap__thread *self, uint16_t runtime)
{
    ffitap__call_note_window(self);
    if (FFITAP__UNLIKELY(ffitap__watch_events()))
        ffitap__call_tell_release(self, runtime);
}

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
 * Frames below which the stack has been unwound: an exception or a longjmp went through them, or a
 * lock was never taken back. Stacks grow down, so what a new call can still return to lies above.
 * A call on another stack (a coroutine's) may end a live frame early; such a frame is then not
 * found when it returns, and nothing is counted twice.
 */
static inline bool ffitap__call_is_stale(uintptr_t frames_stack, uintptr_t stack)
{
    return frames_stack - 1 < stack; /* so that FFITAP__FRAME_FREE is not */
}

static inline bool ffitap__call_has_stale_frame(const struct ffitap__thread *self, uintptr_t stack)
{
    return self->depth && ffitap__call_is_stale(self->frames[self->depth - 1].stack, stack);
}

/*
 * Whether the lock was released ahead of the call that is to begin, or is there and was not: its
 * flags. Before it has a frame, for a signal handler's call that finds the window takes it, and
 * stays where it is when it has left: no lock is taken for it.
 */
static inline uint32_t ffitap__call_take_window(struct ffitap__thread *self, bool has_lock)
{
    return ffitap__take(&self->window.open) ? FFITAP__CALL_GIL_RELEASED
           : has_lock                       ? FFITAP__CALL_GIL_HELD
                                            : 0;
}

/*
 * The next frame. From here on a signal handler that makes calls of its own takes frames above it;
 * until then it takes this one, and leaves it free. Whoever comes before it is filled in finds no
 * stale one there.
 */
static inline struct ffitap__frame *ffitap__call_push(struct ffitap__thread *self, uintptr_t stack)
{
    /* What a handler that jumped out of ffitap__call_pop() left there may be anything. */
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

/* Which of the thread's frames it is, from 1: that many calls are under way in it and below. */
static inline uint32_t ffitap__call_depth(const struct ffitap__thread *self,
                                          const struct ffitap__frame *frame)
{
    return (uint32_t)(frame - self->frames) + 1;
}

/* The call of `frame`, the `depth`th, begins `now` and is in flight. */
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
 * Whether a call of the function is only the plan's call under way, passed on by the plan to
 * another function that makes calls: the plan's was the last to begin, no callback came out of it,
 * and its caller lies further up the stack, but not so far as if native code in between made the
 * call. A caller that has jumped out of the plan's call and makes this one with the same stack
 * pointer makes another call. One that it makes from further down, before any that tells that the
 * plan's is over, cannot be told from the plan's, and goes uncounted.
 */
static inline bool ffitap__call_is_plans(const struct ffitap__thread *self, const void *function,
                                         uintptr_t stack)
{
    const struct ffitap__frame *top = &self->frames[self->depth - 1u];

    return self->depth && top->stack == self->planned.stack && self->planned.function == function &&
           !top->callback_stack && stack < top->stack &&
           top->stack - stack < FFITAP__CALL_OF_PLAN_MAX;
}

/* What was noted ahead of a call goes with none: it is not to be measured, or lost. */
static inline void ffitap__call_forget_ahead(struct ffitap__thread *self)
{
    self->window.open = 0;
    self->question.stack = 0;
}

/*
 * The way of nearly every call while calls are counted and no more is wanted: to a function that
 * this thread has called before, out of none that has gone. It calls no function, and so its caller
 * need not save what the call is made with. NULL if the call is none of these.
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
 * NULL if the call is lost or left out by the filter, and is not to be left.
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

/*
 * Takes the frame off, the top one. Last of all: a signal handler that makes calls meanwhile finds
 * it as it was in native code, and takes frames above it.
 */
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

/* The usual call of the top frame, of which nobody wants more than to count it, is complete. */
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

/* Whether that can be said of the top frame, if there is one. */
static inline bool ffitap__call_is_only_counted(const struct ffitap__thread *self,
                                                const struct ffitap__frame *top)
{
    return self->counting == ffitap__watch_state() && top->cell;
}

/* The call of `frame` has left and may wait for its lock for ever: an interpreter that ends lets
 * some threads have it no more. */
static inline void ffitap__call_show_wait(const struct ffitap__frame *frame, uint64_t left)
{
    struct ffitap__statistics_thread *thread = frame->cell->tally->thread;

    atomic_store_explicit(&thread->left_ticks, left, memory_order_relaxed);
    atomic_store_explicit(&thread->left_entered_ticks, frame->entered, memory_order_release);
}

/* The call of the top frame has left and waits for its lock: from now on a call of a signal handler
 * takes the frame off. */
static inline void ffitap__call_wait(struct ffitap__frame *frame, uint64_t left)
{
    frame->left = left;
    atomic_signal_fence(memory_order_seq_cst);
    frame->stack = FFITAP__FRAME_WAITS;
}

/*
 * It returned; `stack` as on entry, which tells it from others. Without a window the call is
 * complete, and with an exchange of errno the thread is taken to have its own value back.
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
 * The same in whatever thread this is now: native code may have switched to another stack, which
 * another thread then went on with. The call is then unfinished in the thread that made it.
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

/* A call that wants its lock is about to ask for it; errno is what the thread has again. */
static inline void ffitap__call_lock_wanted(struct ffitap__thread *self)
{
    if (FFITAP__UNLIKELY(ffitap__watch_events()))
        ffitap__call_tell_return(self);
}

/*
 * It has it, and the call is complete; unless that was given up, for calls were made meanwhile by
 * whoever hands the lock out or by a signal handler. `stack` is a stack pointer of the caller's.
 */
static inline void ffitap__call_lock_held(struct ffitap__thread *self, uintptr_t stack)
{
    const uint64_t held = ffitap__ticks_read();
    struct ffitap__frame *frame = &self->frames[self->depth - 1u];

    /* From then on handlers find it further up than they are, and leave it to us. */
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

/* What a thread has under way when it ends, innermost first. */
void ffitap__call_drop_all(struct ffitap__thread *self);

/* The same, and then all that is kept of the thread. */
void ffitap__call_end_thread(void *thread);

/* In a child of fork(2): the calls that its one thread is in were begun by the parent. */
void ffitap__call_start_child(void);

#endif
