/* What each thread counts, without a lock: nobody else writes there. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap/call.h"
#include "tap/function.h"
#include "tap/lock.h"
#include "tap/memory.h"
#include "tap/statistics.h"
#include "tap/tap.h"

/* The pieces of a histogram that were counted in last, each at the place that its first bucket has
 * among these: durations of one function lie close together. */
struct recent {
    struct ffitap__statistics_buckets *pieces[4];
};

/* A cell of the file, and where in it the last of each kind was counted. */
struct cell {
    struct cell *next; /* of the same function: through another runtime, or of callbacks */
    struct ffitap__statistics_cell *shared;
    struct recent recent;
    struct recent recent_wait;
    struct ffitap__statistics_windows *windows;
};

#define CELL_MAX (2 * FFITAP__FUNCTION_MAX)

/* Much address space, of which a thread touches what its functions need. */
struct ffitap__tally {
    struct ffitap__statistics_thread *thread;
    struct cell *of_function[FFITAP__FUNCTION_MAX + 1]; /* by id; the first of those unknown */
    uint32_t cell_count;
    struct cell cells[CELL_MAX];
};

#define OLD_ENOUGH_NS 2000000u /* for a rate that needs no waiting */

/*
 * Told whenever something else is, for it is measured better later. Before the first call too, if
 * that costs no time of the call: how long one goes on that never returns can only be told with it.
 */
static void tell_rate(void)
{
    uint64_t rate = ffitap__clock_known_rate(), ticks, origin_ns;

    ffitap__clock_origin(&ticks, &origin_ns);
    if (!rate && ffitap__clock_monotonic_ns() - origin_ns >= OLD_ENOUGH_NS)
        rate = ffitap__clock_measure_rate();
    atomic_store_explicit(&ffitap__storage_header()->rate, rate, memory_order_relaxed);
}

static struct ffitap__statistics_thread *add_thread(void)
{
    struct ffitap__statistics_thread *thread = NULL;

    if (!ffitap__statistics_have_file() || !ffitap__lock())
        return NULL;
    thread = ffitap__storage_take(sizeof(*thread));
    if (thread) {
        tell_rate();
        thread->tid = gettid();
        ffitap__storage_publish(FFITAP__STATISTICS_THREADS, &thread->link, sizeof(*thread));
    }
    ffitap__unlock();
    return thread;
}

static __attribute__((noinline)) struct ffitap__tally *create_tally(struct ffitap__thread *self)
{
    const int saved = errno;
    struct ffitap__tally *tally = ffitap__memory_reserve(sizeof(*tally));
    /* Last, for it stays in the file: nothing may fail behind it, call after call. */
    struct ffitap__statistics_thread *thread = tally ? add_thread() : NULL;

    if (thread) {
        tally->thread = thread;
        self->tally = tally;
    } else {
        ffitap__tally_destroy(tally);
    }
    errno = saved;
    return self->tally;
}

void ffitap__tally_destroy(struct ffitap__tally *tally)
{
    if (tally)
        munmap(tally, sizeof(*tally));
}

static inline struct ffitap__tally *tally_of(struct ffitap__thread *self)
{
    return FFITAP__LIKELY(self->tally != NULL) ? self->tally : create_tally(self);
}

static void *at(uint64_t offset)
{
    return offset ? (char *)ffitap__storage_header() + offset : NULL;
}

static struct ffitap__statistics_cell *add_shared(struct ffitap__statistics_thread *thread,
                                                  uint32_t function_id, uint16_t runtime_id,
                                                  enum ffitap__statistics_cell_kind kind)
{
    struct ffitap__statistics_cell *shared = ffitap__storage_take(sizeof(*shared));

    if (!shared)
        return NULL;
    shared->function_id = function_id;
    shared->runtime_id = runtime_id;
    shared->kind = kind;
    shared->min_ns = UINT64_MAX;
    shared->link.size = sizeof(*shared);
    shared->link.next = atomic_load_explicit(&thread->cells, memory_order_relaxed);
    atomic_store_explicit(&thread->cells, ffitap__storage_offset(shared), memory_order_release);
    tell_rate();
    return shared;
}

static __attribute__((noinline)) struct cell *add_cell(struct ffitap__tally *tally,
                                                       uint32_t function_id, uint16_t runtime_id,
                                                       enum ffitap__statistics_cell_kind kind)
{
    if (tally->cell_count == CELL_MAX)
        return NULL;
    struct ffitap__statistics_cell *shared =
        add_shared(tally->thread, function_id, runtime_id, kind);
    if (!shared)
        return NULL;
    struct cell *cell = &tally->cells[tally->cell_count++];
    cell->shared = shared;
    cell->next = tally->of_function[function_id];
    tally->of_function[function_id] = cell;
    return cell;
}

static inline struct cell *cell_of(struct ffitap__tally *tally, uint32_t function_id,
                                   uint16_t runtime_id, enum ffitap__statistics_cell_kind kind)
{
    struct cell *cell = tally->of_function[function_id];

    while (cell && (cell->shared->runtime_id != runtime_id || cell->shared->kind != kind))
        cell = cell->next;
    return FFITAP__LIKELY(cell != NULL) ? cell : add_cell(tally, function_id, runtime_id, kind);
}

/* A piece with the bucket, which is not full; a new one in front of the others if there is none. */
static __attribute__((noinline)) struct ffitap__statistics_buckets *
find_buckets(_Atomic uint64_t *list, uint32_t bucket)
{
    const uint32_t first = bucket & ~(FFITAP__STATISTICS_BUCKETS - 1);
    const uint64_t newest = atomic_load_explicit(list, memory_order_relaxed);
    struct ffitap__statistics_buckets *piece = at(newest);

    while (piece && (piece->first != first || piece->counts[bucket - first] == UINT32_MAX))
        piece = at(piece->next);
    if (piece)
        return piece;
    piece = ffitap__storage_take(sizeof(*piece));
    if (!piece)
        return NULL;
    piece->first = first;
    piece->next = newest;
    atomic_store_explicit(list, ffitap__storage_offset(piece), memory_order_release);
    return piece;
}

/* The count to add one to; NULL if there is no room. */
static inline uint32_t *bucket_of(struct recent *recent, _Atomic uint64_t *list, uint64_t value)
{
    const uint32_t bucket = ffitap__statistics_bucket(value);
    const uint32_t first = bucket & ~(FFITAP__STATISTICS_BUCKETS - 1);
    struct ffitap__statistics_buckets **piece =
        &recent->pieces[bucket / FFITAP__STATISTICS_BUCKETS % 4];

    if (FFITAP__UNLIKELY(!*piece || (*piece)->first != first ||
                         (*piece)->counts[bucket - first] == UINT32_MAX)) {
        struct ffitap__statistics_buckets *found = find_buckets(list, bucket);

        if (!found)
            return NULL;
        *piece = found;
    }
    return &(*piece)->counts[bucket - first];
}

/* From here to end_change() the cell's numbers do not fit together. */
static inline void begin_change(struct ffitap__statistics_cell *shared)
{
    atomic_store_explicit(&shared->sequence,
                          atomic_load_explicit(&shared->sequence, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static inline void end_change(struct ffitap__statistics_cell *shared)
{
    atomic_store_explicit(&shared->sequence,
                          atomic_load_explicit(&shared->sequence, memory_order_relaxed) + 1,
                          memory_order_release);
}

static inline void add_duration(struct ffitap__statistics_cell *shared, uint32_t *bucket,
                                uint64_t duration_ns, uint64_t self_ns)
{
    ++*bucket;
    shared->count++;
    shared->total_ns += duration_ns;
    shared->self_ns += self_ns;
    if (duration_ns < shared->min_ns)
        shared->min_ns = duration_ns;
    if (duration_ns > shared->max_ns)
        shared->max_ns = duration_ns;
}

static struct ffitap__statistics_windows *windows_of(struct cell *cell)
{
    if (FFITAP__UNLIKELY(!cell->windows)) {
        cell->windows = ffitap__storage_take(sizeof(*cell->windows));
        if (!cell->windows)
            return NULL;
        cell->windows->wait_min_ns = UINT64_MAX;
        atomic_store_explicit(&cell->shared->windows, ffitap__storage_offset(cell->windows),
                              memory_order_release);
    }
    return cell->windows;
}

static void add_window(struct ffitap__statistics_windows *windows, uint32_t *bucket,
                       uint64_t released_ns, uint64_t wait_ns, bool is_unknown)
{
    windows->count++;
    windows->released_ns += released_ns;
    if (FFITAP__UNLIKELY(is_unknown)) {
        windows->wait_unknown++;
        return;
    }
    ++*bucket;
    windows->wait_total_ns += wait_ns;
    if (wait_ns < windows->wait_min_ns)
        windows->wait_min_ns = wait_ns;
    if (wait_ns > windows->wait_max_ns)
        windows->wait_max_ns = wait_ns;
}

/* The outcome of that value, or room for it; NULL if there is none. */
static __attribute__((noinline)) struct ffitap__statistics_outcome *
outcome_of(struct ffitap__statistics_cell *shared, int32_t value)
{
    const uint64_t newest = atomic_load_explicit(&shared->errnos, memory_order_relaxed);

    for (struct ffitap__statistics_errnos *errnos = at(newest); errnos; errnos = at(errnos->next))
        for (unsigned i = 0; i < FFITAP__STATISTICS_OUTCOMES; i++)
            if (!errnos->outcomes[i].used || errnos->outcomes[i].value == value)
                return &errnos->outcomes[i];
    struct ffitap__statistics_errnos *fresh = ffitap__storage_take(sizeof(*fresh));
    if (!fresh)
        return NULL;
    fresh->next = newest;
    atomic_store_explicit(&shared->errnos, ffitap__storage_offset(fresh), memory_order_release);
    return &fresh->outcomes[0];
}

static void add_outcome(struct ffitap__statistics_outcome *outcome,
                        const struct ffitap__frame *frame)
{
    outcome->value = frame->errno_private_out;
    outcome->used = 1;
    outcome->count++;
    outcome->unchanged += frame->errno_private_in == frame->errno_private_out;
}

/* Everything that a call is counted in: looked for first, so that it counts whole or not at all. */
struct places {
    uint64_t native_ns;
    uint64_t wait_ns;
    uint32_t *bucket;
    uint32_t *wait_bucket;
    struct ffitap__statistics_windows *windows;
    struct ffitap__statistics_outcome *outcome;
};

static bool find_places(struct cell *cell, const struct ffitap__frame *frame, uint64_t held,
                        struct places *places)
{
    places->native_ns = ffitap__clock_duration_ns(frame->left - frame->entered);
    places->bucket = bucket_of(&cell->recent, &cell->shared->buckets, places->native_ns);
    places->windows = NULL;
    places->outcome = NULL;
    if (!places->bucket)
        return false;
    if (frame->flags & FFITAP__CALL_GIL_RELEASED) {
        places->wait_ns = ffitap__clock_duration_ns(held - frame->left);
        places->windows = windows_of(cell);
        places->wait_bucket =
            places->windows
                ? bucket_of(&cell->recent_wait, &places->windows->wait_buckets, places->wait_ns)
                : NULL;
        if (!places->wait_bucket)
            return false;
    }
    if (frame->flags & FFITAP__CALL_ERRNO_SWAPPED) {
        places->outcome = outcome_of(cell->shared, frame->errno_private_out);
        return places->outcome;
    }
    return true;
}

static uint64_t self_time(const struct ffitap__frame *frame, uint64_t native_ns)
{
    if (FFITAP__LIKELY(!frame->in_callbacks))
        return native_ns;
    const uint64_t callbacks_ns = ffitap__clock_duration_ns(frame->in_callbacks);
    return native_ns > callbacks_ns ? native_ns - callbacks_ns : 0;
}

static void add_call(struct cell *cell, const struct places *places,
                     const struct ffitap__frame *frame)
{
    struct ffitap__statistics_cell *shared = cell->shared;

    begin_change(shared);
    add_duration(shared, places->bucket, places->native_ns, self_time(frame, places->native_ns));
    if (places->windows)
        add_window(places->windows, places->wait_bucket, places->native_ns + places->wait_ns,
                   places->wait_ns, frame->flags & FFITAP__CALL_WAIT_UNKNOWN);
    if (places->outcome)
        add_outcome(places->outcome, frame);
    if (FFITAP__UNLIKELY(frame->flags & FFITAP__CALL_UNFINISHED))
        shared->unfinished++;
    if (frame->flags & FFITAP__CALL_GIL_HELD)
        shared->held_calls++;
    end_change(shared);
}

void ffitap__statistics_call(struct ffitap__thread *self, const struct ffitap__frame *frame,
                             uint64_t held)
{
    struct ffitap__tally *tally = tally_of(self);
    struct cell *cell = tally ? cell_of(tally, frame->function ? frame->function->id : 0,
                                        frame->runtime, FFITAP__STATISTICS_CALLS)
                              : NULL;
    struct places places;

    if (FFITAP__LIKELY(cell && find_places(cell, frame, held, &places)))
        add_call(cell, &places, frame);
    else
        ffitap__tap_lose(FFITAP__LOST_CALL);
    if (tally)
        atomic_store_explicit(&tally->thread->depth, self->depth, memory_order_release);
}

struct ffitap__statistics_in_flight *
ffitap__statistics_call_entered(struct ffitap__thread *self, const struct ffitap__frame *frame)
{
    struct ffitap__tally *tally = tally_of(self);
    struct ffitap__statistics_in_flight *call = NULL;

    if (!tally)
        return NULL;
    if (FFITAP__LIKELY(self->depth <= FFITAP__STATISTICS_IN_FLIGHT)) {
        call = &tally->thread->in_flight[self->depth - 1];
        call->entered_ticks = frame->entered; /* 0: in a moment */
        call->function_id = frame->function ? frame->function->id : 0;
        call->runtime_id = frame->runtime;
    }
    atomic_store_explicit(&tally->thread->depth, self->depth, memory_order_release);
    return call;
}

void ffitap__statistics_callback(struct ffitap__thread *self,
                                 const struct ffitap__callback_event *callback)
{
    struct ffitap__tally *tally = tally_of(self);
    struct cell *cell = tally ? cell_of(tally, callback->function_id, callback->runtime_id,
                                        FFITAP__STATISTICS_CALLBACKS)
                              : NULL;
    uint32_t *bucket =
        cell ? bucket_of(&cell->recent, &cell->shared->buckets, callback->duration_ns) : NULL;

    if (!bucket)
        return ffitap__tap_lose(FFITAP__LOST_CALL);
    begin_change(cell->shared);
    add_duration(cell->shared, bucket, callback->duration_ns, callback->duration_ns);
    end_change(cell->shared);
}
