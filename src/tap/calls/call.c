#include "tap/calls/call.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "tap/known/function.h"
#include "tap/sinks/loss.h"

static inline bool is_in_moments(const struct ffitap__frame *frame)
{
    return frame->flags & FFITAP__FRAME_IN_MOMENTS;
}

static struct ffitap__call_edge_event edge_of(const struct ffitap__frame *frame)
{
    return (struct ffitap__call_edge_event){
        .call_id = frame->call_id,
        .function_id = frame->callee.function_id,
        .runtime_id = (uint16_t)frame->callee.runtime_id,
    };
}

static void emit_entry(const struct ffitap__frame *frame)
{
    const struct ffitap__call_edge_event edge = edge_of(frame);

    if (frame->flags & FFITAP__CALL_ERRNO_SWAPPED)
        ffitap__lttng_errno_swap(&(struct ffitap__swap_event){
            .call_id = frame->call_id,
            .direction = FFITAP__SWAP_IN,
            .real_value = frame->errno_before,
            .private_value = frame->errno_private_in,
        });
    ffitap__lttng_call_entry(&edge);
}

static void emit_exit(const struct ffitap__frame *frame, uint64_t left)
{
    struct ffitap__call_edge_event edge = edge_of(frame);

    edge.native_ns = ffitap__clock_duration_ns(left - frame->entered);
    ffitap__lttng_call_exit(&edge);
}

static void emit_swap_out(const struct ffitap__frame *frame)
{
    if (frame->flags & FFITAP__CALL_ERRNO_SWAPPED)
        ffitap__lttng_errno_swap(&(struct ffitap__swap_event){
            .call_id = frame->call_id,
            .direction = FFITAP__SWAP_OUT,
            .real_value = frame->errno_private_out,
            .private_value = frame->errno_after,
        });
}

static void emit_complete(struct ffitap__thread *self, const struct ffitap__frame *frame,
                          uint64_t left, uint64_t held)
{
    const bool window = frame->flags & FFITAP__CALL_GIL_RELEASED;
    const struct ffitap__call_event call = {
        .start_ns = ffitap__clock_to_monotonic_ns(frame->entered, &self->anchor),
        .native_ns = ffitap__clock_duration_ns(left - frame->entered),
        .callbacks_ns = ffitap__clock_duration_ns(frame->in_callbacks),
        .gil_released_ns = window ? ffitap__clock_duration_ns(held - frame->entered) : 0,
        .gil_wait_ns = window ? ffitap__clock_duration_ns(held - left) : 0,
        .function_id = frame->callee.function_id,
        .runtime_id = (uint16_t)frame->callee.runtime_id,
        .flags = (uint16_t)frame->flags,
        .errno_before = frame->errno_before,
        .errno_private_in = frame->errno_private_in,
        .errno_after = frame->errno_after,
        .errno_private_out = frame->errno_private_out,
    };

    if (FFITAP__UNLIKELY(window && is_in_moments(frame)))
        ffitap__lttng_gil_acquire(&(struct ffitap__gil_event){
            .call_id = frame->call_id,
            .runtime_id = (uint16_t)frame->callee.runtime_id,
            .released_ns = call.gil_released_ns,
            .wait_ns = call.gil_wait_ns,
        });
    ffitap__lttng_call(&call);
}

static struct ffitap__cell *find_cell(struct ffitap__thread *self, struct ffitap__callee callee)
{
    struct ffitap__tally *tally = ffitap__tally_get(self);

    return tally ? ffitap__tally_cell(tally, callee) : NULL;
}

/* A call that began without a cell is counted as well, if there is a cell for it by now. */
static void count(struct ffitap__thread *self, struct ffitap__frame *frame, uint64_t left,
                  uint64_t held)
{
    if (!frame->cell)
        frame->cell = find_cell(self, frame->callee);
    if (!frame->cell)
        ffitap__lose(FFITAP__LOST_CALL);
    else if (!ffitap__tally_count_call(frame, left, held))
        ffitap__tally_lose_call(frame->cell->tally);
}

/* Whether the call is counted. A call that began with a cell is, even if statistics were stopped
 * meanwhile. */
static bool is_counted(const struct ffitap__frame *frame)
{
    return ffitap__watch_statistics() || (frame->cell && ffitap__tally_is_ours(frame->cell->tally));
}

/*
 * The tally whose record in the file says which calls the thread is in; NULL if there is none to
 * write to. A child that was made behind fork(3)'s back still has its parent's tally and must not
 * write to it: statistics are off there, and so this gives NULL.
 */
static const struct ffitap__tally *shown_tally(const struct ffitap__thread *self)
{
    return ffitap__watch_statistics() ? self->tally : NULL;
}

/* Takes a frame off, and takes its call from those that the file shows in flight. */
static void pop(struct ffitap__thread *self, struct ffitap__frame *frame)
{
    const struct ffitap__tally *tally = frame->cell ? frame->cell->tally : shown_tally(self);

    ffitap__call_pop(self, frame, is_counted(frame) ? tally : NULL);
}

/* A call that began in the parent process is counted where this process counts, if it counts at
 * all. */
static void forget_parents_cell(struct ffitap__frame *frame)
{
    if (frame->flags & FFITAP__FRAME_INHERITED)
        frame->cell = NULL;
}

/* Reports the top frame and takes it off. */
static void finish(struct ffitap__thread *self, struct ffitap__frame *frame, uint64_t left,
                   uint64_t held)
{
    forget_parents_cell(frame);
    if (is_counted(frame))
        count(self, frame, left, held);
    if (ffitap__watch_events() && frame->call_id &&
        (is_in_moments(frame) || ffitap__lttng_wants_complete_calls()))
        emit_complete(self, frame, left, held);
    pop(self, frame);
}

/* Ends a call whose end was not seen. `left` is when the call left native code; 0 if that was not
 * seen either, and then the call is taken to leave now. */
static void give_up(struct ffitap__thread *self, struct ffitap__frame *frame, uint64_t left)
{
    if (!frame->entered) { /* a signal handler jumped away before the call began */
        ffitap__call_pop(self, frame, NULL);
        return;
    }
    if (frame->flags & FFITAP__FRAME_INHERITED) {
        forget_parents_cell(frame);
        pop(self, frame);
        return;
    }
    if (left) {
        frame->flags |= FFITAP__CALL_WAIT_UNKNOWN;
    } else {
        left = ffitap__clock_now();
        frame->flags |= FFITAP__CALL_UNFINISHED;
        frame->errno_private_out = errno;
        frame->errno_after = errno;
        if (is_in_moments(frame))
            emit_exit(frame, left);
    }
    finish(self, frame, left, left);
}

/*
 * Gives up a frame that a call from `stack` found with the stack pointer `found`, unless a signal
 * handler was faster. The frame gets the stack pointer `stack` first. A signal handler runs further
 * down the stack, so from then on it does not find the frame stale, and does not give it up as
 * well.
 */
static void drop(struct ffitap__thread *self, struct ffitap__frame *frame, uintptr_t found,
                 uintptr_t stack)
{
    if (ffitap__replace(&frame->stack, found, stack))
        give_up(self, frame, found == FFITAP__FRAME_WAITS ? frame->left : 0);
}

/* Gives up all frames above the first `kept` ones, stale or not. */
static void drop_above(struct ffitap__thread *self, uint32_t kept, uintptr_t stack)
{
    uint32_t depth;

    while ((depth = self->depth) > kept) {
        struct ffitap__frame *top = &self->frames[depth - 1];

        drop(self, top, top->stack, stack);
    }
}

void ffitap__call_drop_all(struct ffitap__thread *self)
{
    drop_above(self, 0, UINTPTR_MAX);
}

void ffitap__call_end_thread(void *thread)
{
    struct ffitap__thread *self = thread;

    /* LTTng may have forgotten the thread by now, but signals still come and their handlers may
     * call. */
    if (ffitap__watch_events())
        ffitap__lttng_join_again();
    ffitap__call_drop_all(self);
    ffitap__thread_self = NULL;
    ffitap__tally_destroy_all(self);
    munmap(self, sizeof(*self));
}

/*
 * A forked child has one thread left. It is still in the calls that it was in, but has an identity
 * of its own. The cells of those calls stay, because code that a signal handler interrupted may go
 * on with them; what they count there is in no file.
 */
void ffitap__call_start_child(void)
{
    struct ffitap__thread *self = ffitap__thread_self;

    if (!self)
        return;
    ffitap__thread_forget(self);
    ffitap__tally_leave_all(self);
    ffitap__thread_number(self);
    for (uint32_t i = 0; i < self->depth; i++)
        self->frames[i].flags |= FFITAP__FRAME_INHERITED;
}

void ffitap__call_tell_release(struct ffitap__thread *self, uint16_t runtime)
{
    self->window.errno_before = errno;
    if (FFITAP__UNLIKELY(ffitap__lttng_wants_moments()))
        ffitap__lttng_gil_release(&(struct ffitap__gil_event){
            .call_id = self->next_call_id + 1,
            .runtime_id = runtime,
        });
}

static bool is_on(const stack_t *stack, uintptr_t place)
{
    return place - (uintptr_t)stack->ss_sp <= stack->ss_size;
}

/* Whether this is a signal handler with a stack of its own, and the call from `frames_stack` is one
 * that it interrupted. */
static bool is_interrupted(uintptr_t frames_stack)
{
    stack_t signals;

    return sigaltstack(NULL, &signals) == 0 && (signals.ss_flags & SS_ONSTACK) &&
           !is_on(&signals, frames_stack);
}

static void drop_stale_frames(struct ffitap__thread *self, uintptr_t stack)
{
    uint32_t depth;

    while ((depth = self->depth) != 0) {
        struct ffitap__frame *top = &self->frames[depth - 1];
        const uintptr_t found = top->stack;

        if (!ffitap__call_is_stale(found, stack) ||
            (found != FFITAP__FRAME_WAITS && is_interrupted(found)))
            return;
        drop(self, top, found, stack);
    }
}

/*
 * Whether errno is exchanged around the call: then the function that makes the call has asked for
 * errno's address before. Once the lock was released, a function that the caller called for this
 * may have asked as well, further down the stack. Without a window such a question does not count,
 * because anybody may have asked it.
 */
static bool has_asked(const struct ffitap__errno_question *question,
                      const struct ffitap__frame *frame)
{
    return question->stack == frame->stack ||
           (question->stack < frame->stack && (frame->flags & FFITAP__CALL_GIL_RELEASED));
}

static void take_question(struct ffitap__thread *self, struct ffitap__frame *frame)
{
    if (has_asked(&self->question, frame)) {
        frame->flags |= FFITAP__CALL_ERRNO_SWAPPED;
        frame->errno_before = self->question.value;
    }
    self->question.stack = 0;
}

/* The fast way is only for calls that are counted and nothing else, and only for ticks of a known
 * rate. Another clock takes so long to read that a faster way would make no difference. */
static bool can_count_only(const struct ffitap__tally *tally, uint64_t state)
{
    return (state & FFITAP__WATCH_STATISTICS) && !(state & FFITAP__WATCH_EVENTS) && tally &&
           tally->rate && ffitap__clock_counts_ticks;
}

static void start_remembering(struct ffitap__thread *self, uint64_t state)
{
    for (unsigned i = 0; i < FFITAP__THREAD_MEMOS; i++) {
        atomic_store_explicit(&self->memos[i].cell, &ffitap__tally_no_cell, memory_order_relaxed);
        atomic_store_explicit(&self->memos[i].left_out, FFITAP__NO_KEY, memory_order_relaxed);
    }
    atomic_signal_fence(memory_order_seq_cst);
    self->remembering = state;
}

/* `cell` is where calls with this key are counted; NULL if the filter leaves them out. */
static void remember(struct ffitap__thread *self, uint64_t state, uint64_t key,
                     struct ffitap__cell *cell)
{
    struct ffitap__thread_memo *memo = ffitap__thread_memo(self, key);

    if (self->remembering != state)
        start_remembering(self, state);
    if (cell) {
        atomic_store_explicit(&cell->key, key, memory_order_relaxed);
        atomic_store_explicit(&memo->cell, cell, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        if (self->remembering != state) /* a signal handler's call counts in another file by now */
            atomic_store_explicit(&memo->cell, &ffitap__tally_no_cell, memory_order_relaxed);
    } else {
        atomic_store_explicit(&memo->left_out, key, memory_order_relaxed);
    }
    struct ffitap__tally *tally = self->tally;
    if (tally)
        tally->rate = ffitap__clock_known_rate();
    self->counting = can_count_only(tally, state) ? state : FFITAP__NO_STATE;
}

static void begin(struct ffitap__thread *self, struct ffitap__frame *frame, uint64_t state)
{
    if ((state & FFITAP__WATCH_EVENTS) && ffitap__lttng_wants_moments()) {
        frame->flags |= FFITAP__FRAME_IN_MOMENTS;
        emit_entry(frame);
    }
    const uint32_t depth = ffitap__call_depth(self, frame);

    frame->cell = state & FFITAP__WATCH_STATISTICS ? find_cell(self, frame->callee) : NULL;
    if (frame->cell && depth <= FFITAP__STATISTICS_IN_FLIGHT) {
        ffitap__call_begin(frame->cell->tally->thread, frame, depth, ffitap__clock_now());
        return;
    }
    const struct ffitap__tally *tally = shown_tally(self);
    if (tally)
        atomic_store_explicit(&tally->thread->depth, depth, memory_order_release);
    frame->entered = ffitap__clock_now();
}

static struct ffitap__frame *push(struct ffitap__thread *self, struct ffitap__callee callee,
                                  uint32_t flags, uintptr_t stack, int errno_in)
{
    struct ffitap__frame *frame = ffitap__call_push(self, stack);

    frame->call_id = ++self->next_call_id;
    frame->callee = callee;
    frame->flags = flags;
    frame->errno_private_in = errno_in;
    frame->errno_before = flags & FFITAP__CALL_GIL_RELEASED ? self->window.errno_before : errno_in;
    if (self->question.stack)
        take_question(self, frame);
    return frame;
}

struct ffitap__frame *ffitap__call_enter_slowly(struct ffitap__thread *self, uint16_t runtime,
                                                const void *address, bool has_lock, uintptr_t stack)
{
    const int errno_in = errno;
    const uint64_t state = ffitap__watch_state_acquired();
    const uint64_t key = ffitap__thread_key(address, runtime);
    const struct ffitap__function *function = ffitap__function_at(address);
    const struct ffitap__callee callee = {function ? function->id : 0, runtime};
    const uint32_t flags = ffitap__call_take_window(self, has_lock);
    struct ffitap__frame *frame = NULL;

    drop_stale_frames(self, stack);
    if (function && ffitap__function_is_excluded(function)) {
        remember(self, state, key, NULL);
        ffitap__call_forget_ahead(self);
    } else if (self->depth == FFITAP__FRAME_MAX) {
        ffitap__lose(FFITAP__LOST_CALL);
        ffitap__call_forget_ahead(self);
    } else {
        frame = push(self, callee, flags, stack, errno_in);
        begin(self, frame, state);
        if (function && frame->cell)
            remember(self, state, key, frame->cell);
    }
    errno = errno_in;
    return frame;
}

/* The frame of the call that was made from `stack`. NULL if the frame is gone: it was dropped as
 * stale while the thread used another stack. */
static struct ffitap__frame *find_frame(struct ffitap__thread *self, uintptr_t stack)
{
    for (uint32_t depth = self->depth; depth; depth--) {
        struct ffitap__frame *frame = &self->frames[depth - 1];

        if (frame->stack == stack)
            return frame;
    }
    return NULL;
}

static void leave(struct ffitap__thread *self, struct ffitap__frame *frame, uint64_t left,
                  int errno_out)
{
    /* Above the frame are only calls that never returned to their caller. */
    drop_above(self, ffitap__call_depth(self, frame), frame->stack);
    self->question.stack = 0;
    frame->errno_private_out = errno_out;
    frame->errno_after =
        frame->flags & FFITAP__CALL_ERRNO_SWAPPED ? frame->errno_before : errno_out;
    if (FFITAP__UNLIKELY(is_in_moments(frame)))
        emit_exit(frame, left);
    if (frame->flags & FFITAP__CALL_GIL_RELEASED) {
        forget_parents_cell(frame);
        if (frame->cell && is_counted(frame))
            ffitap__call_show_wait(frame, left);
        ffitap__call_wait(frame, left);
        return;
    }
    if (FFITAP__UNLIKELY(is_in_moments(frame)))
        emit_swap_out(frame);
    finish(self, frame, left, left);
}

/* A call on the fast way has read the processor's counter. If that is not the tap's clock, the
 * tap's clock is read instead. */
static uint64_t ticks_or_now(uint64_t ticks)
{
    return ffitap__clock_counts_ticks ? ticks : ffitap__clock_now();
}

void ffitap__call_leave_slowly(struct ffitap__thread *self, uintptr_t stack, uint64_t left)
{
    const int errno_out = errno;
    struct ffitap__frame *frame = find_frame(self, stack);

    left = ticks_or_now(left);
    if (frame)
        leave(self, frame, left, errno_out);
    errno = errno_out;
}

void ffitap__call_tell_return(struct ffitap__thread *self)
{
    const uint32_t depth = self->depth;

    if (!depth) /* a signal handler made calls meanwhile */
        return;
    struct ffitap__frame *frame = &self->frames[depth - 1];
    frame->errno_after = errno;
    if (FFITAP__UNLIKELY(is_in_moments(frame)))
        emit_swap_out(frame);
}

void ffitap__call_end_slowly(struct ffitap__thread *self, struct ffitap__frame *frame,
                             uint64_t left, uint64_t held)
{
    const int saved = errno;

    finish(self, frame, left, ticks_or_now(held));
    errno = saved;
}
