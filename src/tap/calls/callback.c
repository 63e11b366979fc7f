#include "tap/calls/callback.h"

#include <errno.h>

#include "arch/arch.h"
#include "tap/base/clock.h"
#include "tap/calls/tally.h"
#include "tap/sinks/loss.h"
#include "tap/sinks/lttng.h"

/* The innermost call that can still be in native code. Stacks grow down, so calls from below
 * `stack` were jumped over; their frames are left to the next call, which takes them off. */
static struct ffitap__frame *find_frame(struct ffitap__thread *self, uintptr_t stack)
{
    for (uint32_t depth = self->depth; depth; depth--) {
        struct ffitap__frame *frame = &self->frames[depth - 1];

        if (frame->stack > stack)
            return frame;
    }
    return NULL;
}

/*
 * Makes this callback the one whose time is taken off its call's self time. False if another
 * callback out of the same call has that part already: the other callback's handler has gone into
 * native code unseen by us, and native code has called back again. A callback that was jumped over
 * keeps the part until another comes from no deeper in the stack, or until the call ends.
 */
static bool take_time(struct ffitap__frame *frame, uintptr_t stack)
{
    if (frame->callback_stack > stack)
        return false;
    frame->callback_stack = stack;
    return true;
}

static void give_back_time(struct ffitap__thread *self, const struct ffitap__callback *callback,
                           uint64_t now)
{
    struct ffitap__frame *frame = callback->frame;

    if (frame >= &self->frames[self->depth] || frame->entered != callback->frame_entered)
        return; /* dropped as stale while another stack was in use */
    frame->callback_stack = 0;
    frame->in_callbacks += now - callback->began;
}

void ffitap__callback_enter(struct ffitap__thread *self, struct ffitap__callback *callback,
                            const void *closure, uint16_t runtime, uintptr_t stack)
{
    const int saved = errno;
    struct ffitap__frame *frame = find_frame(self, stack);

    callback->began = ffitap__clock_now();
    callback->event = (struct ffitap__callback_event){
        .callback_id = ++self->next_callback_id,
        .call_id = frame ? frame->call_id : 0,
        .closure = (uintptr_t)closure,
        .function_id = frame ? frame->callee.function_id : 0,
        .runtime_id = runtime,
    };
    callback->frame = frame && take_time(frame, stack) ? frame : NULL;
    callback->frame_entered = frame ? frame->entered : 0;
    callback->window = self->window;
    callback->window.open = ffitap__take(&self->window.open);
    callback->entered = callback->began;
    callback->is_told = ffitap__lttng_wants_callbacks();
    if (callback->is_told) {
        ffitap__lttng_callback_entry(&callback->event);
        callback->entered = ffitap__clock_now();
    }
    errno = saved;
}

static void count(struct ffitap__thread *self, const struct ffitap__callback_event *event)
{
    struct ffitap__tally *tally = ffitap__tally_get(self);

    if (!tally || !ffitap__tally_count_callback(tally, event))
        ffitap__lose(FFITAP__LOST_CALL);
}

void ffitap__callback_leave(struct ffitap__thread *self, struct ffitap__callback *callback)
{
    const int saved = errno;
    uint64_t now = ffitap__clock_now();

    if (self != ffitap__thread_self)
        return;
    self->window = callback->window;
    callback->event.duration_ns = ffitap__clock_duration_ns(now - callback->entered);
    if (ffitap__watch_statistics())
        count(self, &callback->event);
    if (callback->is_told) {
        ffitap__lttng_callback_exit(&callback->event);
        now = ffitap__clock_now();
    }
    if (callback->frame)
        give_back_time(self, callback, now);
    errno = saved;
}
