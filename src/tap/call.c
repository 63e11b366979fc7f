#include "tap/call.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap/memory.h"
#include "tap/statistics.h"
#include "tap/tap.h"

FFITAP__THREAD_LOCAL struct ffitap__thread *ffitap__thread_self;

static pthread_key_t thread_key;
static bool have_thread_key;

static struct ffitap__call_edge_event edge_of(const struct ffitap__frame *frame)
{
    return (struct ffitap__call_edge_event){
        .call_id = frame->call_id,
        .function_id = frame->function ? frame->function->id : 0,
        .runtime_id = frame->runtime,
    };
}

static void emit_entry(const struct ffitap__frame *frame)
{
    const struct ffitap__call_edge_event edge = edge_of(frame);

    if (frame->flags & FFITAP__CALL_ERRNO_SWAPPED)
        ffitap__emit_errno_swap(&(struct ffitap__swap_event){
            .call_id = frame->call_id,
            .direction = FFITAP__SWAP_IN,
            .real_value = frame->errno_before,
            .private_value = frame->errno_private_in,
        });
    ffitap__emit_call_entry(&edge);
}

static void emit_exit(const struct ffitap__frame *frame)
{
    struct ffitap__call_edge_event edge = edge_of(frame);

    edge.native_ns = ffitap__clock_duration_ns(frame->left - frame->entered);
    ffitap__emit_call_exit(&edge);
}

static void emit_swap_out(const struct ffitap__frame *frame)
{
    if (frame->flags & FFITAP__CALL_ERRNO_SWAPPED)
        ffitap__emit_errno_swap(&(struct ffitap__swap_event){
            .call_id = frame->call_id,
            .direction = FFITAP__SWAP_OUT,
            .real_value = frame->errno_private_out,
            .private_value = frame->errno_after,
        });
}

/* Ends a call whose end was not seen, at the moment that this is noticed. */
static void give_up(struct ffitap__frame *frame)
{
    if (frame->left) {
        frame->flags |= FFITAP__CALL_WAIT_UNKNOWN;
        return;
    }
    frame->flags |= FFITAP__CALL_UNFINISHED;
    frame->left = ffitap__clock_now();
    frame->errno_private_out = errno;
    frame->errno_after = errno;
    if (frame->in_moments)
        emit_exit(frame);
}

static void emit_complete(struct ffitap__thread *self, const struct ffitap__frame *frame,
                          uint64_t held)
{
    const bool window = frame->flags & FFITAP__CALL_GIL_RELEASED;
    const struct ffitap__call_event call = {
        .start_ns = ffitap__clock_to_monotonic_ns(frame->entered, &self->anchor),
        .native_ns = ffitap__clock_duration_ns(frame->left - frame->entered),
        .callbacks_ns = ffitap__clock_duration_ns(frame->in_callbacks),
        .gil_released_ns = window ? ffitap__clock_duration_ns(held - frame->entered) : 0,
        .gil_wait_ns = window ? ffitap__clock_duration_ns(held - frame->left) : 0,
        .function_id = frame->function ? frame->function->id : 0,
        .runtime_id = frame->runtime,
        .flags = frame->flags,
        .errno_before = frame->errno_before,
        .errno_private_in = frame->errno_private_in,
        .errno_after = frame->errno_after,
        .errno_private_out = frame->errno_private_out,
    };

    if (FFITAP__UNLIKELY(window && frame->in_moments))
        ffitap__emit_gil_acquire(&(struct ffitap__gil_event){
            .call_id = frame->call_id,
            .runtime_id = frame->runtime,
            .released_ns = call.gil_released_ns,
            .wait_ns = call.gil_wait_ns,
        });
    ffitap__emit_call(&call);
}

/* Reports the top frame and takes it off. `held` is 0 if the end of the call was not seen. */
static void finish(struct ffitap__thread *self, uint64_t held)
{
    struct ffitap__frame *frame = &self->frames[--self->depth];

    if (FFITAP__UNLIKELY(!held)) {
        give_up(frame);
        held = frame->left;
    }
    if (ffitap__watch_statistics())
        ffitap__statistics_call(self, frame, held);
    if (ffitap__watch_events() && (frame->in_moments || ffitap__emit_wants_complete_calls()))
        emit_complete(self, frame, held);
}

/* What a thread still had under way when it ended, innermost first. */
static void end_thread(void *data)
{
    struct ffitap__thread *self = data;

    while (self->depth)
        finish(self, 0);
    ffitap__thread_self = NULL;
    ffitap__tally_destroy(self->tally);
    munmap(self, sizeof(*self));
}

static void start_counting(struct ffitap__thread *self)
{
    self->next_call_id = (uint64_t)gettid() << 32;
    self->next_callback_id = self->next_call_id;
}

/* One thread is left in a forked child, with the calls it is in but an identity of its own. */
static void start_child(void)
{
    if (ffitap__thread_self) {
        ffitap__tally_destroy(ffitap__thread_self->tally);
        ffitap__thread_self->tally = NULL;
        start_counting(ffitap__thread_self);
    }
}

__attribute__((constructor)) static void start(void)
{
    have_thread_key = pthread_key_create(&thread_key, end_thread) == 0;
    pthread_atfork(NULL, NULL, start_child);
}

/* Half a megabyte of address space, of which a thread touches as much as its calls nest. */
static struct ffitap__thread *create_thread(void)
{
    struct ffitap__thread *self = ffitap__memory_reserve(sizeof(*self));

    if (!self)
        return NULL;
    start_counting(self);
    ffitap__thread_self = self;
    if (have_thread_key)
        pthread_setspecific(thread_key, self);
    return self;
}

struct ffitap__thread *ffitap__thread_prepare(void)
{
    const int saved = errno;
    struct ffitap__thread *self = create_thread();

    errno = saved;
    return self;
}

struct ffitap__thread *ffitap__thread_start(void)
{
    const int saved = errno;
    struct ffitap__thread *self = ffitap__thread_prepare();

    if (!self)
        ffitap__tap_lose(FFITAP__LOST_CALL);
    errno = saved;
    return self;
}

void ffitap__call_lock_released(struct ffitap__thread *self, uint16_t runtime)
{
    self->window.open = true;
    self->window.errno_before = errno;
    self->question.stack = 0;
    self->window.released = ffitap__clock_now();
    if (FFITAP__UNLIKELY(ffitap__emit_wants_moments()))
        ffitap__emit_gil_release(&(struct ffitap__gil_event){
            .call_id = self->next_call_id + 1,
            .runtime_id = runtime,
        });
}

/*
 * Frames below which the stack has been unwound: an exception or a longjmp went through them, or a
 * lock was never taken back. Stacks grow down, so what a new call can still return to lies above.
 * A call on another stack (a coroutine's, a signal handler's) may end a live frame early; such a
 * frame is then not found when it returns, and nothing is counted twice.
 */
static void drop_stale_frames(struct ffitap__thread *self, uintptr_t stack)
{
    while (self->depth) {
        const struct ffitap__frame *top = &self->frames[self->depth - 1];

        if (!top->left && top->stack > stack)
            return;
        finish(self, 0);
    }
}

static void take_window(struct ffitap__thread *self, struct ffitap__frame *frame, bool has_lock)
{
    if (self->window.open) {
        self->window.open = false;
        frame->flags = FFITAP__CALL_GIL_RELEASED;
        frame->errno_before = self->window.errno_before;
        frame->entered = self->window.released;
    } else {
        frame->flags = has_lock ? FFITAP__CALL_GIL_HELD : 0;
        frame->errno_before = frame->errno_private_in;
        frame->entered = 0;
    }
}

static void take_question(struct ffitap__thread *self, struct ffitap__frame *frame)
{
    if (!self->question.stack)
        return;
    if (self->question.stack == frame->stack) {
        frame->flags |= FFITAP__CALL_ERRNO_SWAPPED;
        frame->errno_before = self->question.value;
    }
    self->question.stack = 0;
}

struct ffitap__frame *ffitap__call_enter(struct ffitap__thread *self, uint16_t runtime,
                                         const void *address, bool has_lock, uintptr_t stack)
{
    const int errno_in = errno;

    if (FFITAP__UNLIKELY(self->depth != 0))
        drop_stale_frames(self, stack);
    if (FFITAP__UNLIKELY(self->depth == FFITAP__FRAME_MAX)) {
        self->window.open = false;
        ffitap__tap_lose(FFITAP__LOST_CALL);
        return NULL;
    }

    struct ffitap__frame *frame = &self->frames[self->depth];
    frame->stack = stack;
    frame->left = 0;
    /* From here on a signal handler that makes calls of its own takes frames above this one. */
    atomic_signal_fence(memory_order_seq_cst);
    self->depth++;
    atomic_signal_fence(memory_order_seq_cst);
    frame->call_id = ++self->next_call_id;
    frame->runtime = runtime;
    frame->in_callbacks = 0;
    frame->callback_stack = 0;
    frame->errno_private_in = errno_in;
    frame->function = ffitap__function_at(address);
    take_window(self, frame, has_lock);
    take_question(self, frame);

    frame->in_moments = ffitap__watch_events() && ffitap__emit_wants_moments();
    if (FFITAP__UNLIKELY(frame->in_moments))
        emit_entry(frame);
    struct ffitap__statistics_in_flight *in_flight =
        ffitap__watch_statistics() ? ffitap__statistics_call_entered(self, frame) : NULL;
    if (!frame->entered)
        frame->entered = ffitap__clock_now();
    if (in_flight)
        in_flight->entered_ticks = frame->entered;
    errno = errno_in;
    return frame;
}

/*
 * Takes off what lies above `frame`, calls that never returned to their caller. False if `frame`
 * is gone itself, dropped as stale while another stack was in use.
 */
static bool is_on_top(struct ffitap__thread *self, const struct ffitap__frame *frame,
                      uintptr_t stack)
{
    const uint32_t depth = (uint32_t)(frame - self->frames) + 1;

    if (self->depth < depth || frame->stack != stack || frame->left)
        return false;
    while (self->depth > depth)
        finish(self, 0);
    return true;
}

void ffitap__call_leave(struct ffitap__thread *self, struct ffitap__frame *frame, uintptr_t stack)
{
    const uint64_t left = ffitap__clock_now();
    const int errno_out = errno;

    if (FFITAP__LIKELY(is_on_top(self, frame, stack))) {
        self->question.stack = 0;
        frame->left = left;
        frame->errno_private_out = errno_out;
        frame->errno_after =
            frame->flags & FFITAP__CALL_ERRNO_SWAPPED ? frame->errno_before : errno_out;
        if (FFITAP__UNLIKELY(frame->in_moments))
            emit_exit(frame);
        if (!(frame->flags & FFITAP__CALL_GIL_RELEASED)) {
            if (FFITAP__UNLIKELY(frame->in_moments))
                emit_swap_out(frame);
            finish(self, left);
        }
    }
    errno = errno_out;
}

void ffitap__call_lock_wanted(struct ffitap__thread *self)
{
    struct ffitap__frame *frame = &self->frames[self->depth - 1];

    frame->errno_after = errno;
    if (FFITAP__UNLIKELY(frame->in_moments))
        emit_swap_out(frame);
}

void ffitap__call_lock_held(struct ffitap__thread *self)
{
    const uint64_t held = ffitap__clock_now();
    const int saved = errno;

    if (FFITAP__LIKELY(ffitap__call_wants_lock(self)))
        finish(self, held);
    errno = saved;
}
