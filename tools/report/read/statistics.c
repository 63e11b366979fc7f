#include "report/read/statistics.h"

#include <stddef.h>
#include <string.h>

#include "report/read/exec_notes.h"
#include "report/read/image.h"
#include "report/read/snapshot.h"

/* How often a thread is looked at until it stands still. */
#define TRIES 100

struct reading {
    struct ffitap__image image;
    struct ffitap__statistics_header header; /* as it was at the beginning */
    const struct ffitap__report_sink *sink;
    struct ffitap__at at;
    GHashTable *texts; /* offset -> text */
    struct ffitap__snapshot *snapshot;
};

/* What becomes of the record at `offset`. */
typedef void take_record(struct reading *reading, uint64_t offset);

static const char *text(struct reading *reading, uint64_t offset)
{
    const gpointer key = GSIZE_TO_POINTER(offset);
    char *known = g_hash_table_lookup(reading->texts, key);

    if (known)
        return known;
    known = ffitap__image_text(&reading->image, offset);
    if (!known)
        known = g_strdup("");
    g_hash_table_insert(reading->texts, key, known);
    return known;
}

static void take_runtime(struct reading *reading, uint64_t offset)
{
    struct ffitap__statistics_runtime runtime;

    if (!ffitap__image_copy(&reading->image, offset, &runtime, sizeof(runtime)))
        return;
    const struct ffitap__runtime_event event = {
        .runtime_id = (uint16_t)runtime.id,
        .name = text(reading, runtime.name),
        .lock_kind = (uint8_t)MIN(runtime.lock_kind, UINT8_MAX),
    };
    ffitap__feed_runtime(reading->sink, &reading->at, &event);
}

/* The size of the record without the counts, which were added to it later. */
#define OBJECT_SIZE offsetof(struct ffitap__statistics_object, mapped)

/* Copies as much of the record as there is. */
static bool copy_object(struct reading *reading, uint64_t offset,
                        struct ffitap__statistics_object *object)
{
    *object = (struct ffitap__statistics_object){0};
    return ffitap__image_copy(&reading->image, offset, &object->link, sizeof(object->link)) &&
           ffitap__image_copy(&reading->image, offset, object,
                              object->link.size < sizeof(*object) ? OBJECT_SIZE : sizeof(*object));
}

static void tell_object_sum(struct reading *reading, const struct ffitap__statistics_object *object)
{
    const struct ffitap__report_object sum = {
        .path = text(reading, object->path),
        .build_id = text(reading, object->build_id),
        .soname = text(reading, object->soname),
        .base = object->base,
        .size = object->size,
        .needed_by = text(reading, object->needed_by),
        .cause = (uint8_t)MIN(object->cause, UINT8_MAX),
        .mapped = object->mapped,
        .unmapped = MIN(object->unmapped, object->mapped),
    };

    ffitap__feed_object_sum(reading->sink, &reading->at, &sum);
}

/* Tells an object whose record an earlier version wrote, without the counts. */
static void tell_object(struct reading *reading, const struct ffitap__statistics_object *object)
{
    const struct ffitap__object_event event = {
        .base = object->base,
        .size = object->size,
        .path = text(reading, object->path),
        .soname = text(reading, object->soname),
        .build_id = text(reading, object->build_id),
        .cause = (uint8_t)MIN(object->cause, UINT8_MAX),
        .needed_by = text(reading, object->needed_by),
    };

    if (object->is_unmapped)
        ffitap__feed_object_unmapped(reading->sink, &reading->at, &event);
    else
        ffitap__feed_object_mapped(reading->sink, &reading->at, &event);
}

static void take_object(struct reading *reading, uint64_t offset)
{
    struct ffitap__statistics_object object;

    if (!copy_object(reading, offset, &object))
        return;
    if (object.mapped)
        tell_object_sum(reading, &object);
    else
        tell_object(reading, &object);
}

static void take_function(struct reading *reading, uint64_t offset)
{
    struct ffitap__statistics_function function;

    if (!ffitap__image_copy(&reading->image, offset, &function, sizeof(function)))
        return;
    const struct ffitap__function_event event = {
        .function_id = function.id,
        .address = function.address,
        .offset = function.offset,
        .library = text(reading, function.library),
        .symbol = text(reading, function.symbol),
    };
    ffitap__feed_function(reading->sink, &reading->at, &event);
}

static void take_load(struct reading *reading, uint64_t offset)
{
    struct ffitap__statistics_load load;

    if (!ffitap__image_copy(&reading->image, offset, &load, sizeof(load)) || !load.count)
        return;
    const struct ffitap__load sum = {
        .name = load.is_main_program ? NULL : text(reading, load.name),
        .caller = text(reading, load.caller),
        .path = text(reading, load.path),
        .mode = load.mode,
        .count = load.count,
        .failed = MIN(load.failed, load.count),
        .total_ns = load.total_ns,
        .max_ns = MIN(load.max_ns, load.total_ns),
        .error = load.failed ? text(reading, load.error) : NULL,
    };
    ffitap__feed_load_sum(reading->sink, &reading->at, &sum);
}

static void take_lookup(struct reading *reading, uint64_t offset)
{
    struct ffitap__statistics_lookup lookup;

    if (!ffitap__image_copy(&reading->image, offset, &lookup, sizeof(lookup)) || !lookup.count)
        return;
    const struct ffitap__lookup sum = {
        .library = text(reading, lookup.library),
        .symbol = text(reading, lookup.symbol),
        .count = lookup.count,
        .cached = MIN(lookup.cached, lookup.count),
        .failed = MIN(lookup.failed, lookup.count),
        .total_ns = lookup.total_ns,
        .error = lookup.failed ? text(reading, lookup.error) : NULL,
    };
    ffitap__feed_lookup_sum(reading->sink, &reading->at, &sum);
}

static void take_calls(struct reading *reading, const struct ffitap__at *thread)
{
    const struct ffitap__statistics_cell *cell = ffitap__snapshot_cell(reading->snapshot);
    struct ffitap__report_function calls = {0};
    const struct ffitap__call_sum sum = {
        .function_id = cell->function_id,
        .runtime_id = (uint16_t)cell->runtime_id,
        .calls = &calls,
    };

    ffitap__snapshot_count_calls(reading->snapshot, &reading->image, &calls);
    if (calls.native.count)
        ffitap__feed_call_sum(reading->sink, thread, &sum);
    ffitap__function_fini(&calls);
}

static void take_callbacks(struct reading *reading, const struct ffitap__at *thread)
{
    const struct ffitap__statistics_cell *cell = ffitap__snapshot_cell(reading->snapshot);
    struct ffitap__callbacks callbacks = {0};
    const struct ffitap__callback_sum sum = {
        .function_id = cell->function_id,
        .runtime_id = (uint16_t)cell->runtime_id,
        .duration = &callbacks.duration,
    };

    ffitap__snapshot_count_callbacks(reading->snapshot, &reading->image, &callbacks);
    if (callbacks.duration.count)
        ffitap__feed_callback_sum(reading->sink, thread, &sum);
    ffitap__histogram_fini(&callbacks.duration);
}

/* Takes a cell. Kinds of cells that a later version may have are left out. */
static void take_cell(struct reading *reading, uint64_t offset, const struct ffitap__at *thread)
{
    if (!ffitap__snapshot_take(reading->snapshot, &reading->image, offset))
        return;
    switch (ffitap__snapshot_cell(reading->snapshot)->kind) {
    case FFITAP__STATISTICS_CALLS:
        take_calls(reading, thread);
        break;
    case FFITAP__STATISTICS_CALLBACKS:
        take_callbacks(reading, thread);
        break;
    default:
        break;
    }
}

/*
 * A moment in ticks on the wall's clock. It is computed in steps that wrap and do not overflow,
 * because a file may say anything. INT64_MAX, as if the moment were yet to come, if it cannot be
 * told.
 */
static int64_t moment_of(const struct reading *reading, uint64_t ticks)
{
    const struct ffitap__statistics_header *header = &reading->header;
    const int64_t since_origin = (int64_t)(ticks - header->origin_ticks);
    const uint64_t rate = ffitap__image_load(&reading->image.header->rate);
    const uint64_t clock_ns = header->origin_ns + (uint64_t)(((__int128)since_origin * rate) >> 32);
    const int64_t since_start = (int64_t)(clock_ns - header->start_ns);
    int64_t wall_ns;

    if (!rate || __builtin_add_overflow(reading->at.wall_ns, since_start, &wall_ns))
        return INT64_MAX;
    return MAX(wall_ns, 0);
}

static void take_call_in_flight(struct reading *reading, int32_t tid,
                                const struct ffitap__statistics_in_flight *call, unsigned index)
{
    const struct ffitap__at at = {
        .wall_ns = moment_of(reading, call->entered_ticks),
        .pid = reading->at.pid,
        .tid = tid,
    };
    const struct ffitap__call_edge_event event = {
        .call_id = index,
        .function_id = call->function_id,
        .runtime_id = (uint16_t)call->runtime_id,
    };

    if (at.wall_ns != INT64_MAX)
        ffitap__feed_moment(reading->sink, at.wall_ns);
    ffitap__feed_call_entry(reading->sink, &at, &event);
}

static void take_wait(struct reading *reading, int32_t tid, uint64_t left_ticks)
{
    const struct ffitap__at at = {
        .wall_ns = moment_of(reading, left_ticks),
        .pid = reading->at.pid,
        .tid = tid,
    };

    if (at.wall_ns != INT64_MAX)
        ffitap__feed_moment(reading->sink, at.wall_ns);
    ffitap__feed_call_waits(reading->sink, &at);
}

static void take_wait_of_innermost(struct reading *reading,
                                   const struct ffitap__statistics_thread *thread)
{
    if (thread->depth == 0 || thread->depth > FFITAP__STATISTICS_IN_FLIGHT)
        return;
    const uint64_t entered_ticks = thread->in_flight[thread->depth - 1].entered_ticks;
    if (entered_ticks && entered_ticks == thread->left_entered_ticks)
        take_wait(reading, thread->tid, thread->left_ticks);
}

/* Copies a thread's record. In earlier files it is shorter and says nothing of waits. */
static bool copy_thread(struct reading *reading, uint64_t offset,
                        struct ffitap__statistics_thread *thread)
{
    *thread = (struct ffitap__statistics_thread){0};
    return ffitap__image_copy(&reading->image, offset, &thread->link, sizeof(thread->link)) &&
           ffitap__image_copy(&reading->image, offset, thread,
                              thread->link.size < sizeof(*thread)
                                  ? FFITAP__STATISTICS_SHORTEST_THREAD
                                  : sizeof(*thread));
}

/* Takes the calls that a thread is in. If the thread runs, it reads until two readings are the
 * same: calls that last long enough to matter do not change in between. */
static void take_calls_in_flight(struct reading *reading, uint64_t offset,
                                 struct ffitap__statistics_thread *thread)
{
    struct ffitap__statistics_thread again;

    for (int i = 0; i < TRIES; i++) {
        if (!copy_thread(reading, offset, &again))
            return;
        const bool is_same =
            again.depth == thread->depth &&
            memcmp(again.in_flight, thread->in_flight, sizeof(again.in_flight)) == 0;
        *thread = again;
        if (is_same)
            break;
    }
    for (unsigned i = 0; i < MIN(thread->depth, FFITAP__STATISTICS_IN_FLIGHT); i++)
        if (thread->in_flight[i].entered_ticks)
            take_call_in_flight(reading, thread->tid, &thread->in_flight[i], i);
    take_wait_of_innermost(reading, thread);
}

static void take_thread(struct reading *reading, uint64_t offset)
{
    struct ffitap__statistics_thread thread;

    if (!copy_thread(reading, offset, &thread))
        return;
    struct ffitap__at at = reading->at;
    at.tid = thread.tid;
    ffitap__feed_thread(reading->sink, &at);
    GArray *cells = ffitap__image_list(&reading->image, thread.cells, 0,
                                       sizeof(struct ffitap__statistics_cell));
    for (unsigned i = 0; i < cells->len; i++)
        take_cell(reading, g_array_index(cells, uint64_t, i), &at);
    g_array_free(cells, TRUE);
    take_calls_in_flight(reading, offset, &thread);
}

static const struct {
    uint32_t size;
    take_record *take;
} lists[FFITAP__STATISTICS_LISTS] = {
    [FFITAP__STATISTICS_RUNTIMES] = {sizeof(struct ffitap__statistics_runtime), take_runtime},
    [FFITAP__STATISTICS_OBJECTS] = {OBJECT_SIZE, take_object},
    [FFITAP__STATISTICS_FUNCTIONS] = {sizeof(struct ffitap__statistics_function), take_function},
    [FFITAP__STATISTICS_LOADS] = {sizeof(struct ffitap__statistics_load), take_load},
    [FFITAP__STATISTICS_LOOKUPS] = {sizeof(struct ffitap__statistics_lookup), take_lookup},
    [FFITAP__STATISTICS_THREADS] = {FFITAP__STATISTICS_SHORTEST_THREAD, take_thread},
};

/* Takes the records that were added to a list since it began with the record at `end`. Returns the
 * offset of the record that it begins with now. */
static uint64_t take_list(struct reading *reading, enum ffitap__statistics_list list, uint64_t end)
{
    const uint64_t head = ffitap__image_load(&reading->image.header->lists[list]);
    GArray *offsets = ffitap__image_list(&reading->image, head, end, lists[list].size);

    for (unsigned i = 0; i < offsets->len; i++)
        lists[list].take(reading, g_array_index(offsets, uint64_t, i));
    g_array_free(offsets, TRUE);
    return head;
}

/* Takes all lists. Definitions are taken first, which is faster, and once more at the end, for
 * functions that were first counted meanwhile. */
static void take_lists(struct reading *reading)
{
    uint64_t heads[FFITAP__STATISTICS_LISTS];

    for (int list = 0; list < FFITAP__STATISTICS_LISTS; list++)
        heads[list] = take_list(reading, list, 0);
    take_list(reading, FFITAP__STATISTICS_RUNTIMES, heads[FFITAP__STATISTICS_RUNTIMES]);
    take_list(reading, FFITAP__STATISTICS_FUNCTIONS, heads[FFITAP__STATISTICS_FUNCTIONS]);
}

static void take_losses(struct reading *reading)
{
    for (unsigned i = 0; i < FFITAP__STATISTICS_LOSSES; i++) {
        const struct ffitap__lost_event lost = {
            .what = (uint8_t)i,
            .count = ffitap__image_load(&reading->image.header->lost[i]),
        };
        if (lost.count)
            ffitap__feed_lost(reading->sink, &reading->at, &lost);
    }
}

/* Returns false if the process belongs to another recording. */
static bool begin_process(struct reading *reading)
{
    const struct ffitap__statistics_header *header = &reading->header;
    const void *argv = header->argv_size
                           ? ffitap__image_borrow(&reading->image, header->argv, header->argv_size)
                           : NULL;
    const struct ffitap__process_event event = {
        .pid = header->pid,
        .ppid = header->ppid,
        .start_ns = header->start_ns,
        .exe = text(reading, header->exe),
        .argv = argv,
        .argv_size = argv ? header->argv_size : 0,
        .recording = text(reading, header->recording),
    };

    reading->at = (struct ffitap__at){
        .wall_ns = MAX(header->start_wall_ns, 0),
        .clock_ns = header->start_ns,
        .pid = header->pid,
    };
    if (!ffitap__feed_statistics_begin(reading->sink, &reading->at, &event))
        return false;
    ffitap__feed_moment(reading->sink, reading->at.wall_ns);
    return true;
}

static void tell_damage(const struct ffitap__report_sink *sink, const char *path, const char *what)
{
    char *name = g_path_get_basename(path);

    ffitap__feed_damage_as(sink, "statistics file %s: %s", name, what);
    g_free(name);
}

static void take_unseen(struct reading *reading)
{
    const struct ffitap__statistics_header *header = &reading->header;

    for (unsigned i = 0; i < FFITAP__STATISTICS_UNSEEN; i++) {
        char *why = g_strdup_printf("it was forked, made foreign calls and could have no "
                                    "statistics file: %s",
                                    g_strerror((int)(header->unseen[i] >> 32)));
        const struct ffitap__unseen unseen = {
            .pid = (int32_t)(uint32_t)header->unseen[i],
            .called = true,
            .why = why,
        };
        if (header->unseen[i])
            ffitap__feed_unseen(reading->sink, &unseen);
        g_free(why);
    }
    if (header->unseen_count > FFITAP__STATISTICS_UNSEEN)
        ffitap__feed_damage_as(reading->sink,
                               "%" G_GUINT64_FORMAT " more processes that process %d or its "
                               "children forked could have no statistics file",
                               header->unseen_count - FFITAP__STATISTICS_UNSEEN, header->pid);
}

static void take_unnoted(struct reading *reading)
{
    const struct ffitap__statistics_header *header = &reading->header;

    for (unsigned i = 0; i < FFITAP__STATISTICS_UNSEEN; i++) {
        const uint64_t who = header->unnoted[i].who;
        const struct ffitap__started started = {
            .pid = (int32_t)(uint32_t)who,
            .parent = header->pid,
            .moment_ns = header->unnoted[i].moment_ns,
            .until_ns = UINT64_MAX,
            .failure = (int)(who >> 32),
        };
        if (who)
            ffitap__feed_started(reading->sink, &started);
    }
    if (header->unnoted_more)
        ffitap__feed_damage_as(reading->sink,
                               "%" G_GUINT64_FORMAT " more programs that process %d or its "
                               "children ran could not be noted",
                               header->unnoted_more, header->pid);
}

static void note_stop(struct reading *reading)
{
    const uint64_t after_ns = reading->header.stopped_ns - reading->header.start_ns;
    int64_t wall_ns;

    if (!reading->header.stopped_ns)
        return;
    if (!__builtin_add_overflow(reading->at.wall_ns, (int64_t)after_ns, &wall_ns))
        ffitap__feed_moment(reading->sink, MAX(wall_ns, 0));
}

/* Returns whether the process could count to the end. */
static bool read_image(struct reading *reading)
{
    ffitap__image_copy_header(&reading->image, &reading->header);
    const bool is_wanted = begin_process(reading);
    if (is_wanted) {
        take_lists(reading);
        take_losses(reading);
        note_stop(reading);
        take_unseen(reading);
        take_unnoted(reading);
    }
    const struct ffitap__statistics_end end = {
        .pid = reading->at.pid,
        .is_whole = !reading->image.damage,
        .is_stopped = is_wanted && reading->header.stopped_ns,
    };
    ffitap__feed_statistics_end(reading->sink, &end);
    return !end.is_stopped;
}

bool ffitap__statistics_read(const struct ffitap__report_sink *sink, const char *path)
{
    struct reading reading = {.sink = sink};
    char why[256];

    if (ffitap__image_open(&reading.image, path, why, sizeof(why)) != 0) {
        tell_damage(sink, path, why);
        return false;
    }
    reading.texts = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    reading.snapshot = ffitap__snapshot_create();
    const bool goes_on = read_image(&reading);
    if (reading.image.damage) {
        char *what = g_strconcat(reading.image.damage, "; what cannot be read is left out", NULL);
        tell_damage(sink, path, what);
        g_free(what);
    }
    ffitap__snapshot_destroy(reading.snapshot);
    g_hash_table_destroy(reading.texts);
    ffitap__image_close(&reading.image);
    return goes_on;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *find_files(const char *folder)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    GDir *directory = g_dir_open(folder, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        if (g_str_has_suffix(name, FFITAP__STATISTICS_SUFFIX))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    }
    if (directory)
        g_dir_close(directory);
    g_ptr_array_sort(paths, by_name);
    return paths;
}

unsigned ffitap__statistics_read_folder(const struct ffitap__report_sink *sink, const char *folder,
                                        int64_t now_ns)
{
    GPtrArray *paths = find_files(folder);
    const unsigned count = paths->len;
    bool any_goes_on = false;

    for (unsigned i = 0; i < count; i++)
        any_goes_on |= ffitap__statistics_read(sink, g_ptr_array_index(paths, i));
    ffitap__exec_notes_read_folder(sink, folder);
    if (now_ns > 0 && any_goes_on)
        ffitap__feed_until(sink, now_ns);
    if (count)
        ffitap__feed_clock(sink, "monotonic");
    g_ptr_array_free(paths, TRUE);
    return count;
}
