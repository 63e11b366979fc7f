#include "tap/statistics/statistics.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "tap/base/clock.h"
#include "tap/base/lock.h"
#include "tap/base/memory.h"

#define BUCKET_COUNT 1024u

static char folder[PATH_MAX]; /* "" if no statistics are wanted */
static struct ffitap__storage_process process;
static ffitap__description *describe;
static bool is_begun; /* by ffitap__statistics_begin(); else from the start of the program on */

/* What is counted of an object, a load or a lookup. The texts tell it from others; they are
 * interned, so equal texts have equal addresses. */
struct counted {
    struct counted *next;
    const char *texts[3];
    void *record;
    uint32_t generation;
};

static struct counted *objects[BUCKET_COUNT];
static struct counted *loads[BUCKET_COUNT];
static struct counted *lookups[BUCKET_COUNT];

/* The name under which each function was last written, and the generation of the file with it; by
 * the function's id. */
static struct {
    const char *symbol;
    uint32_t generation;
} told[FFITAP__FUNCTION_MAX + 1];

enum ffitap__statistics_answer ffitap__statistics_start(const char *where,
                                                        const struct ffitap__storage_process *who,
                                                        ffitap__description *how)
{
    process = *who;
    describe = how;
    if (!where || *where != '/' || strlen(where) >= sizeof(folder))
        return FFITAP__STATISTICS_NOT_BEGUN;
    strcpy(folder, where);
    const int failure = ffitap__storage_create(folder, &process, FFITAP__STORAGE_REMAINS_EMPTY);
    ffitap__watch_turn_statistics(!failure);
    return failure ? FFITAP__STATISTICS_FAILED : FFITAP__STATISTICS_DONE;
}

bool ffitap__statistics_start_child(uint64_t start_ns)
{
    ffitap__storage_abandon();
    process.start_ns = start_ns;
    return *folder;
}

/*
 * Makes a child's first file, and writes to it what was told before there was a file. With the lock
 * held. While this thread waited for the lock, another may have made the file, or may have stopped
 * the statistics.
 */
static void make_file(void)
{
    if (ffitap__storage_current() || !ffitap__watch_statistics())
        return;
    if (ffitap__storage_create(folder, &process, FFITAP__STORAGE_REMAINS_EMPTY) == 0)
        describe(&ffitap__statistics_sink);
    else
        ffitap__watch_turn_statistics(false);
}

bool ffitap__statistics_have_file(void)
{
    if (FFITAP__LIKELY(ffitap__storage_current() != NULL))
        return true;
    if (!ffitap__watch_statistics() || !ffitap__lock())
        return false;
    make_file();
    ffitap__unlock();
    return ffitap__storage_current();
}

/* Whether this process was made behind fork(3)'s back. Then all that is known here is about its
 * parent, and the file that is mapped is the parent's. */
static bool is_of_parent(void)
{
    const struct ffitap__storage *storage = ffitap__storage_current();

    return storage && storage->pid != getpid();
}

static enum ffitap__statistics_answer begin(const char *where, int *failure)
{
    if (is_of_parent())
        return FFITAP__STATISTICS_OF_PARENT;
    if (ffitap__watch_statistics())
        return FFITAP__STATISTICS_KEPT_ALREADY;
    process.start_ns = ffitap__clock_monotonic_ns();
    *failure = ffitap__storage_create(where, &process, FFITAP__STORAGE_IS_REMOVED);
    if (*failure)
        return FFITAP__STATISTICS_FAILED;
    strcpy(folder, where);
    is_begun = true;
    ffitap__watch_turn_statistics(true);
    describe(&ffitap__statistics_sink);
    return FFITAP__STATISTICS_DONE;
}

enum ffitap__statistics_answer ffitap__statistics_begin(const char *where, int *failure)
{
    if (strlen(where) >= sizeof(folder)) {
        *failure = ENAMETOOLONG;
        return FFITAP__STATISTICS_FAILED;
    }
    if (!ffitap__lock())
        return FFITAP__STATISTICS_IN_HANDLER;
    const enum ffitap__statistics_answer answer = begin(where, failure);
    ffitap__unlock();
    return answer;
}

/* Statistics are turned off before the file is closed, so that no thread that finds no file makes a
 * new one. */
static enum ffitap__statistics_answer end(void)
{
    if (is_of_parent())
        return FFITAP__STATISTICS_OF_PARENT;
    if (!is_begun)
        return FFITAP__STATISTICS_NOT_BEGUN;
    ffitap__watch_turn_statistics(false);
    *folder = '\0';
    is_begun = false;
    ffitap__storage_close();
    return FFITAP__STATISTICS_DONE;
}

enum ffitap__statistics_answer ffitap__statistics_end(void)
{
    if (!ffitap__lock())
        return FFITAP__STATISTICS_IN_HANDLER;
    const enum ffitap__statistics_answer answer = end();
    ffitap__unlock();
    return answer;
}

/* The generation of the current file, 0 without one. */
static uint32_t generation(void)
{
    const struct ffitap__storage *storage = ffitap__storage_current();

    return storage ? storage->generation : 0;
}

static uint64_t text(const char *text)
{
    return ffitap__storage_text(ffitap__storage_current(), text);
}

static void publish(enum ffitap__statistics_list list, struct ffitap__statistics_link *link,
                    size_t size)
{
    ffitap__storage_publish(ffitap__storage_current(), list, link, size);
}

/* Room for a definition in the current file. NULL if there is no file: when a child makes its first
 * one, describe() tells all definitions again. */
static void *take_definition(size_t size)
{
    struct ffitap__storage *storage = ffitap__storage_current();

    return ffitap__watch_statistics() && storage ? ffitap__storage_take(storage, size) : NULL;
}

static void tell_runtime(const struct ffitap__runtime_event *event)
{
    struct ffitap__statistics_runtime *runtime = take_definition(sizeof(*runtime));

    if (!runtime)
        return;
    runtime->id = event->runtime_id;
    runtime->name = text(event->name);
    runtime->object = text(event->object);
    runtime->lock = text(event->lock);
    runtime->lock_kind = event->lock_kind;
    publish(FFITAP__STATISTICS_RUNTIMES, &runtime->link, sizeof(*runtime));
}

/* A library may come and go for days: the file must not grow each time. */
static bool is_told(const struct ffitap__function_event *event)
{
    return told[event->function_id].symbol == event->symbol &&
           told[event->function_id].generation == generation();
}

static void tell_function(const struct ffitap__function_event *event)
{
    struct ffitap__statistics_function *function =
        is_told(event) ? NULL : take_definition(sizeof(*function));

    if (!function)
        return;
    told[event->function_id].symbol = event->symbol;
    told[event->function_id].generation = generation();
    function->id = event->function_id;
    function->address = event->address;
    function->offset = event->offset;
    function->library = text(event->library);
    function->symbol = text(event->symbol);
    function->naming = event->naming;
    publish(FFITAP__STATISTICS_FUNCTIONS, &function->link, sizeof(*function));
}

static void tell_lost(const struct ffitap__lost_event *event)
{
    if (ffitap__watch_statistics())
        ffitap__storage_lose(event);
}

static struct counted *find_or_add(struct counted **table, const char *one, const char *two,
                                   const char *three)
{
    const char *texts[3] = {ffitap__memory_intern(one), ffitap__memory_intern(two),
                            ffitap__memory_intern(three)};
    uint64_t hash = 0;

    for (int i = 0; i < 3; i++)
        hash = (hash ^ (uintptr_t)texts[i]) * 0x9E3779B97F4A7C15u;
    struct counted **bucket = &table[(hash >> 40) % BUCKET_COUNT];

    for (struct counted *counted = *bucket; counted; counted = counted->next)
        if (memcmp(counted->texts, texts, sizeof(texts)) == 0)
            return counted;
    struct counted *fresh = ffitap__memory_keep(sizeof(*fresh));
    if (fresh) {
        memcpy(fresh->texts, texts, sizeof(texts));
        fresh->next = *bucket;
        *bucket = fresh;
    }
    return fresh;
}

/* The record of `counted` in the current file. `*is_new` says that the record is still zero and has
 * to be filled. NULL if there is no room, or no file any more. */
static void *record_of(struct counted *counted, size_t size, bool *is_new)
{
    struct ffitap__storage *storage = ffitap__storage_current();

    if (!counted || !storage)
        return NULL;
    *is_new = counted->generation != storage->generation;
    if (*is_new) {
        counted->record = ffitap__storage_take(storage, size);
        counted->generation = storage->generation;
    }
    return counted->record;
}

static void add(_Atomic uint64_t *sum, uint64_t value)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + value,
                          memory_order_relaxed);
}

static void count_object(const struct ffitap__object_event *event, bool is_unmapped)
{
    bool is_new;

    if (!ffitap__watch_statistics() || !ffitap__storage_current())
        return;
    struct ffitap__statistics_object *object =
        record_of(find_or_add(objects, event->path, event->build_id, event->soname),
                  sizeof(*object), &is_new);
    if (!object)
        return;
    if (is_new) {
        object->base = event->base;
        object->size = event->size;
        object->path = text(event->path);
        object->soname = text(event->soname);
        object->build_id = text(event->build_id);
        object->needed_by = text(event->needed_by);
        object->cause = event->cause;
    }
    add(is_unmapped ? &object->unmapped : &object->mapped, 1);
    if (is_new)
        publish(FFITAP__STATISTICS_OBJECTS, &object->link, sizeof(*object));
}

static void tell_object_mapped(const struct ffitap__object_event *event)
{
    count_object(event, false);
}

static void tell_object_unmapped(const struct ffitap__object_event *event)
{
    count_object(event, true);
}

static void count_load(const struct ffitap__load_event *event)
{
    bool is_new;
    struct ffitap__statistics_load *load = record_of(
        find_or_add(loads, event->main_program ? NULL : event->name, event->caller, event->path),
        sizeof(*load), &is_new);

    if (!load)
        return;
    if (is_new) {
        load->name = text(event->name);
        load->caller = text(event->caller);
        load->path = text(event->path);
        load->mode = event->mode;
        load->is_main_program = event->main_program;
    }
    add(&load->total_ns, event->duration_ns);
    if (event->duration_ns > load->max_ns)
        atomic_store_explicit(&load->max_ns, event->duration_ns, memory_order_relaxed);
    if (!event->handle) {
        atomic_store_explicit(&load->error, text(event->error), memory_order_relaxed);
        add(&load->failed, 1);
    }
    add(&load->count, 1);
    if (is_new)
        publish(FFITAP__STATISTICS_LOADS, &load->link, sizeof(*load));
}

static void tell_load_end(const struct ffitap__load_event *event)
{
    const int saved = errno;

    if (ffitap__watch_statistics() && ffitap__statistics_have_file() && ffitap__lock()) {
        count_load(event);
        ffitap__unlock();
    }
    errno = saved;
}

static void count_lookup(const struct ffitap__lookup_event *event)
{
    bool is_new;
    struct ffitap__statistics_lookup *lookup = record_of(
        find_or_add(lookups, event->library, event->symbol, NULL), sizeof(*lookup), &is_new);

    if (!lookup)
        return;
    if (is_new) {
        lookup->library = text(event->library);
        lookup->symbol = text(event->symbol);
    }
    add(&lookup->total_ns, event->duration_ns);
    if (*event->error) {
        atomic_store_explicit(&lookup->error, text(event->error), memory_order_relaxed);
        add(&lookup->failed, 1);
    }
    add(&lookup->count, 1);
    add(&lookup->cached, event->cached);
    if (is_new)
        publish(FFITAP__STATISTICS_LOOKUPS, &lookup->link, sizeof(*lookup));
}

static void tell_lookup(const struct ffitap__lookup_event *event)
{
    const int saved = errno;

    if (ffitap__watch_statistics() && ffitap__statistics_have_file() && ffitap__lock()) {
        count_lookup(event);
        ffitap__unlock();
    }
    errno = saved;
}

const struct ffitap__sink ffitap__statistics_sink = {
    .runtime = tell_runtime,
    .object_mapped = tell_object_mapped,
    .object_unmapped = tell_object_unmapped,
    .function = tell_function,
    .load_end = tell_load_end,
    .lookup = tell_lookup,
    .lost = tell_lost,
};
