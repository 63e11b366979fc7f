#include "tap/calls/tally.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/arch.h"
#include "tap/base/clock.h"
#include "tap/base/lock.h"
#include "tap/base/memory.h"
#include "tap/sinks/loss.h"
#include "tap/statistics/statistics.h"

struct ffitap__cell ffitap__tally_no_cell = {.key = FFITAP__NO_KEY};

static struct ffitap__statistics_thread *add_thread(struct ffitap__arena *arena)
{
    struct ffitap__statistics_thread *thread = ffitap__arena_take(arena, sizeof(*thread));

    if (thread) {
        ffitap__storage_tell_rate(arena->storage);
        thread->tid = gettid();
        ffitap__storage_publish(arena->storage, FFITAP__STATISTICS_THREADS, &thread->link,
                                sizeof(*thread));
    }
    return thread;
}

/* Gives a tally its file, and makes the thread's record there. False if there is no file, or no
 * room in it. */
static bool find_storage(struct ffitap__tally *tally)
{
    if (!ffitap__statistics_have_file() || !ffitap__lock())
        return false;
    tally->arena.storage = ffitap__storage_hold();
    tally->thread = tally->arena.storage ? add_thread(&tally->arena) : NULL;
    ffitap__unlock();
    if (tally->thread)
        tally->file = (char *)tally->arena.storage->header;
    return tally->thread;
}

static void destroy(struct ffitap__tally *tally)
{
    if (tally->arena.storage)
        ffitap__storage_release(tally->arena.storage);
    munmap(tally, sizeof(*tally));
}

static struct ffitap__tally *create_tally(void)
{
    struct ffitap__tally *tally = ffitap__memory_reserve(sizeof(*tally));

    /* This comes last, because it leaves a record of the thread in the file: if something failed
     * after it, every call would leave another such record. */
    if (tally && !find_storage(tally)) {
        destroy(tally);
        tally = NULL;
    }
    return tally;
}

/* Whether the cell is one of this tally. The cell's address tells; the cell is not read, because a
 * frame that is being filled may still have the cell of its last call. */
static bool is_cell_of(const struct ffitap__tally *tally, const struct ffitap__cell *cell)
{
    return (uintptr_t)cell - (uintptr_t)tally < sizeof(*tally);
}

static bool is_in_use(const struct ffitap__thread *self, const struct ffitap__tally *tally)
{
    for (uint32_t i = 0; i < self->depth; i++)
        if (is_cell_of(tally, self->frames[i].cell))
            return true;
    return false;
}

/*
 * Clears the cells of this tally from frames that are not in use. Frames are used one after
 * another, so the walk ends at the first one that holds nothing. Behind it there may only be frames
 * of calls that were given up before they began, and the cells of those are not looked at.
 */
static void forget_cells(struct ffitap__thread *self, const struct ffitap__tally *tally)
{
    for (uint32_t i = 0; i < FFITAP__FRAME_MAX && (self->frames[i].entered || self->frames[i].cell);
         i++)
        if (is_cell_of(tally, self->frames[i].cell))
            self->frames[i].cell = NULL;
}

static void put_aside(struct ffitap__thread *self, struct ffitap__tally *tally)
{
    tally->next = atomic_load_explicit(&self->retired, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&self->retired, &tally->next, tally,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

/*
 * Puts a tally aside, because statistics were stopped and started since the thread counted
 * something. Calls under way go on counting in the tally that they began with, also on the fast
 * way, for which the tally needs the rate. A signal handler may come here as well, at any
 * instruction of a call that is using a retired tally, or that is just retiring one. So only those
 * tallies are ended that are older than this one and that no call is in any more.
 */
static void retire(struct ffitap__thread *self, struct ffitap__tally *tally)
{
    struct ffitap__tally *next, *other = atomic_exchange(&self->retired, NULL);

    if (!tally->rate && ffitap__clock_counts_ticks)
        tally->rate = ffitap__clock_measure_rate();
    put_aside(self, tally);
    for (; other; other = next) {
        next = other->next;
        if (other->arena.storage->generation > tally->arena.storage->generation ||
            is_in_use(self, other)) {
            put_aside(self, other);
        } else {
            forget_cells(self, other);
            destroy(other);
        }
    }
}

static __attribute__((noinline)) struct ffitap__tally *renew_tally(struct ffitap__thread *self)
{
    const int saved = errno;
    struct ffitap__tally *former = self->tally;
    struct ffitap__tally *fresh = former && !ffitap__storage_current() ? NULL : create_tally();

    errno = saved;
    if (!fresh)
        return NULL;
    if (!atomic_compare_exchange_strong(&self->tally, &former, fresh)) {
        destroy(fresh); /* a signal handler was faster */
        return former;
    }
    if (former)
        retire(self, former);
    errno = saved;
    return fresh;
}

struct ffitap__tally *ffitap__tally_get(struct ffitap__thread *self)
{
    struct ffitap__tally *tally = self->tally;

    return FFITAP__LIKELY(tally && tally->arena.storage == ffitap__storage_current())
               ? tally
               : renew_tally(self);
}

static void end_all(struct ffitap__thread *self, void (*end)(struct ffitap__tally *tally))
{
    struct ffitap__tally *next, *tally = atomic_exchange(&self->tally, NULL);

    if (tally)
        end(tally);
    for (tally = atomic_exchange(&self->retired, NULL); tally; tally = next) {
        next = tally->next;
        end(tally);
    }
}

void ffitap__tally_destroy_all(struct ffitap__thread *self)
{
    end_all(self, destroy);
}

/* The tallies that the one thread of a forked child had in its parent. */
static struct ffitap__tally *left_behind;

static void leave_behind(struct ffitap__tally *tally)
{
    tally->next = left_behind;
    left_behind = tally;
}

void ffitap__tally_leave_all(struct ffitap__thread *self)
{
    struct ffitap__tally *next;

    for (; left_behind; left_behind = next) {
        next = left_behind->next;
        munmap(left_behind, sizeof(*left_behind));
    }
    end_all(self, leave_behind);
}

bool ffitap__tally_is_ours(const struct ffitap__tally *tally)
{
    return tally->arena.storage->pid == getpid();
}

void ffitap__tally_lose_call(const struct ffitap__tally *tally)
{
    const struct ffitap__lost_event event = {.what = FFITAP__LOST_CALL, .count = 1};

    ffitap__storage_lose_in(tally->arena.storage, &event);
    ffitap__lose_beside(&ffitap__statistics_sink, FFITAP__LOST_CALL);
}

static void *at(const struct ffitap__tally *tally, uint64_t offset)
{
    return offset ? tally->file + offset : NULL;
}

static struct ffitap__statistics_cell *add_shared(struct ffitap__tally *tally,
                                                  struct ffitap__callee callee,
                                                  enum ffitap__statistics_cell_kind kind)
{
    struct ffitap__statistics_cell *shared = ffitap__arena_take(&tally->arena, sizeof(*shared));

    if (!shared)
        return NULL;
    shared->function_id = callee.function_id;
    shared->runtime_id = (uint16_t)callee.runtime_id;
    shared->kind = kind;
    shared->min_ns = UINT64_MAX;
    shared->link.size = sizeof(*shared);
    shared->link.next = atomic_load_explicit(&tally->thread->cells, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&tally->thread->cells, &shared->link.next,
                                                  ffitap__arena_offset(&tally->arena, shared),
                                                  memory_order_release, memory_order_relaxed))
        ;
    ffitap__storage_tell_rate(tally->arena.storage);
    return shared;
}

static struct ffitap__cell *add_cell(struct ffitap__tally *tally, struct ffitap__callee callee,
                                     enum ffitap__statistics_cell_kind kind)
{
    if (atomic_load_explicit(&tally->cell_count, memory_order_relaxed) >= FFITAP__CELL_MAX - 1)
        return NULL; /* one is kept for a signal handler that comes after this check */
    struct ffitap__statistics_cell *shared = add_shared(tally, callee, kind);
    if (!shared)
        return NULL;
    const uint32_t index = atomic_fetch_add_explicit(&tally->cell_count, 1, memory_order_relaxed);
    struct ffitap__cell *cell = &tally->cells[index];
    cell->shared = shared;
    cell->tally = tally;
    cell->callee = callee;
    atomic_store_explicit(&cell->key, FFITAP__NO_KEY, memory_order_relaxed);
    cell->next =
        atomic_load_explicit(&tally->of_function[callee.function_id], memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&tally->of_function[callee.function_id],
                                                  &cell->next, index + 1, memory_order_release,
                                                  memory_order_relaxed))
        ;
    return cell;
}

static struct ffitap__cell *cell_of(struct ffitap__tally *tally, struct ffitap__callee callee,
                                    enum ffitap__statistics_cell_kind kind)
{
    for (uint32_t i = tally->of_function[callee.function_id]; i; i = tally->cells[i - 1].next) {
        struct ffitap__cell *cell = &tally->cells[i - 1];

        if (cell->callee.runtime_id == callee.runtime_id && cell->shared->kind == kind)
            return cell;
    }
    return add_cell(tally, callee, kind);
}

struct ffitap__cell *ffitap__tally_cell(struct ffitap__tally *tally, struct ffitap__callee callee)
{
    return cell_of(tally, callee, FFITAP__STATISTICS_CALLS);
}

static struct ffitap__statistics_windows *add_windows(struct ffitap__tally *tally,
                                                      struct ffitap__cell *cell)
{
    struct ffitap__statistics_windows *windows =
        ffitap__arena_take(&tally->arena, sizeof(*windows));

    if (!windows)
        return NULL;
    windows->wait_min_ns = UINT64_MAX;
    uint64_t offset = 0;
    const uint64_t ours = ffitap__arena_offset(&tally->arena, windows);
    if (atomic_compare_exchange_strong_explicit(&cell->shared->windows, &offset, ours,
                                                memory_order_release, memory_order_relaxed))
        offset = ours;
    cell->windows = (uint32_t)offset; /* ours, or those that a signal handler has added first */
    return at(tally, offset);
}

static struct ffitap__statistics_windows *windows_of(struct ffitap__tally *tally,
                                                     struct ffitap__cell *cell)
{
    return cell->windows ? at(tally, cell->windows) : add_windows(tally, cell);
}

/* Whether the outcome counts that value. An unused outcome is given the value, and counts it from
 * now on. */
static bool is_of(struct ffitap__statistics_outcome *outcome, int32_t value)
{
    /* Both members are set at once, because a signal handler may be looking for an outcome right
     * now. */
    union {
        struct {
            int32_t value;
            uint32_t used;
        };
        uint64_t both;
    } found = {.both = 0}, wanted = {{value, 1}};
    uint64_t *place = (uint64_t *)&outcome->value;

    return __atomic_compare_exchange_n(place, &found.both, wanted.both, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED) ||
           found.both == wanted.both;
}

/*
 * The outcome that counts that value, added if there is none yet; NULL if there is no room for it.
 */
static struct ffitap__statistics_outcome *
outcome_of(struct ffitap__tally *tally, struct ffitap__statistics_cell *shared, int32_t value)
{
    uint64_t newest = atomic_load_explicit(&shared->errnos, memory_order_relaxed);
    struct ffitap__statistics_errnos *errnos = at(tally, newest);

    for (; errnos; errnos = at(tally, errnos->next))
        for (unsigned i = 0; i < FFITAP__STATISTICS_OUTCOMES; i++)
            if (is_of(&errnos->outcomes[i], value))
                return &errnos->outcomes[i];
    errnos = ffitap__arena_take(&tally->arena, sizeof(*errnos));
    if (!errnos)
        return NULL;
    is_of(&errnos->outcomes[0], value);
    do
        errnos->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&shared->errnos, &newest,
                                                  ffitap__arena_offset(&tally->arena, errnos),
                                                  memory_order_release, memory_order_relaxed));
    return &errnos->outcomes[0];
}

static void add_outcome(struct ffitap__statistics_outcome *outcome,
                        const struct ffitap__frame *frame)
{
    ffitap__add(&outcome->count, 1);
    ffitap__add(&outcome->unchanged, frame->errno_private_in == frame->errno_private_out);
}

static bool make_window(struct ffitap__tally *tally, const struct ffitap__frame *frame,
                        uint64_t wait_ns, struct ffitap__places *places)
{
    places->wait_ns = wait_ns;
    places->windows = windows_of(tally, frame->cell);
    places->wait_bucket = NULL;
    if (!places->windows || (frame->flags & FFITAP__CALL_WAIT_UNKNOWN))
        return places->windows;
    places->wait_bucket = ffitap__buckets_find(&tally->arena, &frame->cell->waits,
                                               &places->windows->wait_buckets, wait_ns);
    return places->wait_bucket;
}

/* Finds everything that the call is counted in, and makes what is not there yet. `*outcome` is NULL
 * for a call that did not exchange errno. */
static bool make_places(struct ffitap__tally *tally, const struct ffitap__frame *frame,
                        uint64_t left, uint64_t held, struct ffitap__places *places,
                        struct ffitap__statistics_outcome **outcome)
{
    struct ffitap__cell *cell = frame->cell;

    places->windows = NULL;
    places->native_ns = ffitap__clock_duration_ns(left - frame->entered);
    places->bucket = ffitap__buckets_find(&tally->arena, &cell->durations, &cell->shared->buckets,
                                          places->native_ns);
    if (!places->bucket ||
        ((frame->flags & FFITAP__CALL_GIL_RELEASED) &&
         !make_window(tally, frame, ffitap__clock_duration_ns(held - left), places)))
        return false;
    *outcome = NULL;
    if (!(frame->flags & FFITAP__CALL_ERRNO_SWAPPED))
        return true;
    *outcome = outcome_of(tally, cell->shared, frame->errno_private_out);
    return *outcome;
}

static void add_window(const struct ffitap__places *places)
{
    if (places->wait_bucket) {
        ffitap__count_window(places);
        return;
    }
    ffitap__add(&places->windows->count, 1);
    ffitap__add(&places->windows->released_ns, places->native_ns);
    ffitap__add(&places->windows->wait_unknown, 1);
}

static uint64_t time_in_callbacks(const struct ffitap__frame *frame, uint64_t native_ns)
{
    const uint64_t callbacks_ns = ffitap__clock_duration_ns(frame->in_callbacks);

    return callbacks_ns < native_ns ? callbacks_ns : native_ns;
}

bool ffitap__tally_count_call(const struct ffitap__frame *frame, uint64_t left, uint64_t held)
{
    struct ffitap__tally *tally = frame->cell->tally;
    struct ffitap__statistics_cell *shared = frame->cell->shared;
    struct ffitap__statistics_outcome *outcome;
    struct ffitap__places places;

    if (!make_places(tally, frame, left, held, &places, &outcome))
        return false;
    const bool was_odd = ffitap__count_begin(shared);
    ffitap__count_duration(shared, places.bucket, places.native_ns);
    if (places.windows)
        add_window(&places);
    if (outcome)
        add_outcome(outcome, frame);
    ffitap__add(&shared->callbacks_ns, time_in_callbacks(frame, places.native_ns));
    ffitap__add(&shared->unfinished, (frame->flags & FFITAP__CALL_UNFINISHED) != 0);
    ffitap__add(&shared->held_calls, (frame->flags & FFITAP__CALL_GIL_HELD) != 0);
    ffitap__count_end(shared, was_odd);
    return true;
}

bool ffitap__tally_count_callback(struct ffitap__tally *tally,
                                  const struct ffitap__callback_event *callback)
{
    const struct ffitap__callee callee = {callback->function_id, callback->runtime_id};
    struct ffitap__cell *cell = cell_of(tally, callee, FFITAP__STATISTICS_CALLBACKS);
    uint32_t *bucket = cell ? ffitap__buckets_find(&tally->arena, &cell->durations,
                                                   &cell->shared->buckets, callback->duration_ns)
                            : NULL;

    if (!bucket)
        return false;
    const bool was_odd = ffitap__count_begin(cell->shared);
    ffitap__count_duration(cell->shared, bucket, callback->duration_ns);
    ffitap__count_end(cell->shared, was_odd);
    return true;
}
