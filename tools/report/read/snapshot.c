#include "report/read/snapshot.h"

#include <sched.h>
#include <string.h>

/*
 * How often a cell is tried. All tries together take many times as long as a writer that the kernel
 * does not interrupt. After every TRIES_EACH tries this thread gives up its CPU, so that a writer
 * that was interrupted can finish.
 */
#define TRIES      1000
#define TRIES_EACH 50

/* Half of these have room for every bucket there is. The other half is for counts that got full and
 * went on in further pieces. */
#define PIECES_MAX 256
#define ERRNOS_MAX 256

struct pieces {
    unsigned count;
    struct ffitap__statistics_buckets pieces[PIECES_MAX];
};

struct ffitap__snapshot {
    struct ffitap__statistics_cell cell;
    struct ffitap__statistics_windows windows; /* zero if it had none; so are those below */
    struct pieces durations;
    struct pieces waits;
    unsigned errno_count;
    struct ffitap__statistics_errnos errnos[ERRNOS_MAX];
    bool is_torn;
};

struct ffitap__snapshot *ffitap__snapshot_create(void)
{
    return g_new0(struct ffitap__snapshot, 1);
}

void ffitap__snapshot_destroy(struct ffitap__snapshot *snapshot)
{
    g_free(snapshot);
}

const struct ffitap__statistics_cell *ffitap__snapshot_cell(const struct ffitap__snapshot *snapshot)
{
    return &snapshot->cell;
}

static void copy_pieces(struct pieces *pieces, struct ffitap__image *image, uint64_t offset)
{
    pieces->count = 0;
    while (offset && pieces->count < PIECES_MAX) {
        struct ffitap__statistics_buckets *piece = &pieces->pieces[pieces->count];
        if (!ffitap__image_copy(image, offset, piece, sizeof(*piece)))
            return;
        pieces->count++;
        offset = piece->next;
    }
    if (offset)
        ffitap__image_note_damage(image, "a histogram has too many pieces");
}

static void copy_errnos(struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                        uint64_t offset)
{
    snapshot->errno_count = 0;
    while (offset && snapshot->errno_count < ERRNOS_MAX) {
        struct ffitap__statistics_errnos *errnos = &snapshot->errnos[snapshot->errno_count];
        if (!ffitap__image_copy(image, offset, errnos, sizeof(*errnos)))
            return;
        snapshot->errno_count++;
        offset = errnos->next;
    }
    if (offset)
        ffitap__image_note_damage(image, "a cell has too many values of errno");
}

static void copy_all(struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                     uint64_t offset)
{
    ffitap__image_copy(image, offset, &snapshot->cell, sizeof(snapshot->cell));
    const uint64_t windows = ffitap__image_load(&snapshot->cell.windows);
    copy_pieces(&snapshot->durations, image, ffitap__image_load(&snapshot->cell.buckets));
    if (!windows ||
        !ffitap__image_copy(image, windows, &snapshot->windows, sizeof(snapshot->windows)))
        snapshot->windows = (struct ffitap__statistics_windows){0};
    copy_pieces(&snapshot->waits, image, ffitap__image_load(&snapshot->windows.wait_buckets));
    copy_errnos(snapshot, image, ffitap__image_load(&snapshot->cell.errnos));
}

static void let_write(int try)
{
    if (try % TRIES_EACH == TRIES_EACH - 1)
        sched_yield();
    else
        __builtin_ia32_pause();
}

bool ffitap__snapshot_take(struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                           uint64_t offset)
{
    const struct ffitap__statistics_cell *cell = ffitap__image_borrow(image, offset, sizeof(*cell));

    if (!cell)
        return false;
    snapshot->is_torn = false;
    for (int i = 0; i < TRIES; i++) {
        const uint32_t before = atomic_load_explicit(&cell->sequence, memory_order_acquire);

        if (before & 1) {
            let_write(i);
            continue;
        }
        copy_all(snapshot, image, offset);
        if (atomic_load_explicit(&cell->sequence, memory_order_relaxed) == before)
            return true;
    }
    copy_all(snapshot, image, offset);
    snapshot->is_torn = true;
    return true;
}

struct bucket {
    uint64_t index;
    uint32_t count;
};

static struct bucket bucket_of(const struct ffitap__statistics_buckets *piece, unsigned i)
{
    const uint32_t count = piece->counts[i];

    if (piece->is_scattered)
        return (struct bucket){ffitap__statistics_scattered_bucket(count),
                               ffitap__statistics_scattered_count(count)};
    if (piece->first % FFITAP__STATISTICS_BUCKETS)
        return (struct bucket){UINT64_MAX, count};
    return (struct bucket){(uint64_t)piece->first + i, count};
}

/* Fills an empty histogram, with no more than `room` values. */
static void fill(struct ffitap__histogram *histogram, const struct pieces *pieces, uint64_t room,
                 struct ffitap__image *image)
{
    for (unsigned i = 0; i < pieces->count; i++)
        for (unsigned j = 0; j < FFITAP__STATISTICS_BUCKETS; j++) {
            const struct bucket bucket = bucket_of(&pieces->pieces[i], j);
            const uint64_t count = MIN(bucket.count, room);

            if (bucket.index < FFITAP__HISTOGRAM_BUCKETS)
                ffitap__histogram_add_bucket(histogram, (unsigned)bucket.index, count);
            else
                ffitap__image_note_damage(image, "a histogram has buckets that there are not");
            room -= count;
        }
}

/* Takes the durations. The buckets decide how many there are. */
static void take_durations(const struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                           struct ffitap__histogram *histogram)
{
    const struct ffitap__statistics_cell *cell = &snapshot->cell;

    fill(histogram, &snapshot->durations, UINT64_MAX, image);
    if (!snapshot->is_torn && cell->count != histogram->count)
        ffitap__image_note_damage(image, "a cell counts more or less than its histogram");
    ffitap__histogram_settle(histogram, cell->total_ns, cell->min_ns, cell->max_ns);
}

/* A call has one window at most. */
static void take_windows(const struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                         struct ffitap__report_function *function)
{
    const struct ffitap__statistics_windows *windows = &snapshot->windows;
    const uint64_t calls = function->native.count;
    struct ffitap__histogram *wait = &function->gil_wait;

    fill(wait, &snapshot->waits, calls, image);
    ffitap__histogram_settle(wait, windows->wait_total_ns, windows->wait_min_ns,
                             windows->wait_max_ns);
    function->gil_wait_unknown = MIN(windows->wait_unknown, calls - wait->count);
    function->gil_windows = wait->count + function->gil_wait_unknown;
    if (function->gil_windows)
        function->gil_released_ns = MAX(windows->released_ns, wait->total);
    if (!snapshot->is_torn && windows->count != function->gil_windows)
        ffitap__image_note_damage(image, "a cell counts more or less windows than it has");
}

/* Adds up to `room` calls; returns how many. */
static uint64_t take_outcome(const struct ffitap__statistics_outcome *told, uint64_t room,
                             struct ffitap__report_function *function)
{
    const struct ffitap__outcome outcome = {
        .value = told->value,
        .count = MIN(told->count, room),
        .unchanged = MIN(told->unchanged, MIN(told->count, room)),
    };

    if (outcome.count)
        ffitap__function_add_outcome(function, &outcome);
    function->errno_swaps += outcome.count;
    return outcome.count;
}

static void take_outcomes(const struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                          struct ffitap__report_function *function)
{
    uint64_t room = function->native.count;

    for (unsigned i = 0; i < snapshot->errno_count; i++) {
        for (unsigned j = 0; j < FFITAP__STATISTICS_OUTCOMES; j++) {
            const struct ffitap__statistics_outcome *told = &snapshot->errnos[i].outcomes[j];
            if (!told->used)
                break;
            if (told->count > room && !snapshot->is_torn)
                ffitap__image_note_damage(image, "a cell has more values of errno than calls");
            room -= take_outcome(told, room, function);
        }
    }
}

void ffitap__snapshot_count_calls(const struct ffitap__snapshot *snapshot,
                                  struct ffitap__image *image,
                                  struct ffitap__report_function *function)
{
    const struct ffitap__statistics_cell *cell = &snapshot->cell;

    take_durations(snapshot, image, &function->native);
    const uint64_t calls = function->native.count;
    function->self_ns = function->native.total - MIN(cell->callbacks_ns, function->native.total);
    function->unfinished = MIN(cell->unfinished, calls);
    take_windows(snapshot, image, function);
    function->gil_held_calls = MIN(cell->held_calls, calls - function->gil_windows);
    take_outcomes(snapshot, image, function);
}

void ffitap__snapshot_count_callbacks(const struct ffitap__snapshot *snapshot,
                                      struct ffitap__image *image,
                                      struct ffitap__callbacks *callbacks)
{
    take_durations(snapshot, image, &callbacks->duration);
}
