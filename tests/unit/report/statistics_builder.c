#include "statistics_builder.h"

#include <assert.h>
#include <string.h>

#include "tap/base/event.h"

#define LIBC "/lib/libc.so.6"
#define LIBM "/lib/libm.so.6"
#define LIBZ "/lib/libz.so.1"

void *builder_at(union builder *builder, uint64_t offset)
{
    return (char *)builder + offset;
}

static uint64_t take(union builder *builder, size_t size)
{
    const uint64_t offset = builder->header.used;

    assert(offset + size + 8 <= sizeof(*builder));
    builder->header.used = (offset + size + 7) & ~(uint64_t)7;
    return offset;
}

uint64_t builder_text(union builder *builder, const char *text)
{
    const uint64_t offset = take(builder, strlen(text) + 1);

    strcpy(builder_at(builder, offset), text);
    return offset;
}

void builder_begin(union builder *builder)
{
    static const char argv[] = "python3\0-c\0pass";
    struct ffitap__statistics_header *header = &builder->header;

    memset(builder, 0, sizeof(*builder));
    memcpy(header->magic, FFITAP__STATISTICS_MAGIC, sizeof(header->magic));
    header->version = FFITAP__STATISTICS_VERSION;
    header->header_size = sizeof(*header);
    header->used = sizeof(*header);
    header->ready = 1;
    header->pid = 4711;
    header->ppid = 1;
    header->start_ns = 900000000;
    header->start_wall_ns = 1714979289100000000; /* 2024-05-06 */
    header->origin_ticks = 100;
    header->origin_ns = 900000100;
    header->rate = UINT64_C(1) << 32;
    header->exe = builder_text(builder, "/usr/bin/python3");
    header->recording = builder_text(builder, "ours");
    header->argv = take(builder, sizeof(argv));
    header->argv_size = sizeof(argv);
    memcpy(builder_at(builder, header->argv), argv, sizeof(argv));
}

size_t builder_end(union builder *builder)
{
    builder->header.capacity = builder->header.used;
    return builder->header.used;
}

uint64_t builder_record(union builder *builder, _Atomic uint64_t *list, uint32_t size)
{
    const uint64_t offset = take(builder, size);
    struct ffitap__statistics_link *link = builder_at(builder, offset);

    link->size = size;
    link->next = *list;
    *list = offset;
    return offset;
}

uint64_t builder_runtime(union builder *builder, uint32_t id, const char *name)
{
    struct ffitap__statistics_runtime *runtime;
    const uint64_t offset = builder_record(
        builder, &builder->header.lists[FFITAP__STATISTICS_RUNTIMES], sizeof(*runtime));

    runtime = builder_at(builder, offset);
    runtime->id = id;
    runtime->name = builder_text(builder, name);
    return offset;
}

uint64_t builder_function(union builder *builder, uint32_t id, const char *library,
                          const char *symbol)
{
    struct ffitap__statistics_function *function;
    const uint64_t offset = builder_record(
        builder, &builder->header.lists[FFITAP__STATISTICS_FUNCTIONS], sizeof(*function));

    function = builder_at(builder, offset);
    function->id = id;
    function->address = 0x1000 * (uint64_t)id;
    function->offset = 0x2a;
    function->library = builder_text(builder, library);
    function->symbol = builder_text(builder, symbol);
    return offset;
}

uint64_t builder_thread(union builder *builder, int32_t tid)
{
    struct ffitap__statistics_thread *thread;
    const uint64_t offset = builder_record(
        builder, &builder->header.lists[FFITAP__STATISTICS_THREADS], sizeof(*thread));

    thread = builder_at(builder, offset);
    thread->tid = tid;
    return offset;
}

uint64_t builder_cell(union builder *builder, uint64_t thread, uint32_t function_id,
                      enum ffitap__statistics_cell_kind kind)
{
    struct ffitap__statistics_thread *of = builder_at(builder, thread);
    struct ffitap__statistics_cell *cell;
    const uint64_t offset = builder_record(builder, &of->cells, sizeof(*cell));

    cell = builder_at(builder, offset);
    cell->function_id = function_id;
    cell->runtime_id = 1;
    cell->kind = (uint16_t)kind;
    cell->sequence = 2;
    return offset;
}

static void count_in(union builder *builder, _Atomic uint64_t *histogram, uint64_t value)
{
    const uint32_t bucket = ffitap__statistics_bucket(value);
    const uint32_t first = bucket & ~(FFITAP__STATISTICS_BUCKETS - 1);
    uint64_t at = *histogram;
    struct ffitap__statistics_buckets *piece = builder_at(builder, at);

    while (at && piece->first != first) {
        at = piece->next;
        piece = builder_at(builder, at);
    }
    if (!at) {
        at = take(builder, sizeof(*piece));
        piece = builder_at(builder, at);
        piece->first = first;
        piece->next = *histogram;
        *histogram = at;
    }
    piece->counts[bucket - first]++;
}

uint64_t builder_scatter(union builder *builder, uint64_t cell)
{
    struct ffitap__statistics_cell *of = builder_at(builder, cell);
    const uint64_t offset = take(builder, sizeof(struct ffitap__statistics_buckets));
    struct ffitap__statistics_buckets *piece = builder_at(builder, offset);

    piece->is_scattered = 1;
    piece->next = of->buckets;
    of->buckets = offset;
    return offset;
}

void builder_count(union builder *builder, uint64_t cell, uint64_t duration_ns)
{
    struct ffitap__statistics_cell *of = builder_at(builder, cell);

    of->min_ns = of->count && of->min_ns < duration_ns ? of->min_ns : duration_ns;
    of->max_ns = of->max_ns > duration_ns ? of->max_ns : duration_ns;
    of->count++;
    of->total_ns += duration_ns;
    count_in(builder, &of->buckets, duration_ns);
}

static struct ffitap__statistics_windows *windows_of(union builder *builder, uint64_t cell)
{
    struct ffitap__statistics_cell *of = builder_at(builder, cell);

    if (!of->windows)
        of->windows = take(builder, sizeof(struct ffitap__statistics_windows));
    return builder_at(builder, of->windows);
}

void builder_count_window(union builder *builder, uint64_t cell, uint64_t released_ns,
                          uint64_t wait_ns)
{
    struct ffitap__statistics_windows *windows = windows_of(builder, cell);
    const uint64_t known = windows->count - windows->wait_unknown;

    windows->wait_min_ns = known && windows->wait_min_ns < wait_ns ? windows->wait_min_ns : wait_ns;
    windows->wait_max_ns = windows->wait_max_ns > wait_ns ? windows->wait_max_ns : wait_ns;
    windows->count++;
    windows->released_ns += released_ns;
    windows->wait_total_ns += wait_ns;
    count_in(builder, &windows->wait_buckets, wait_ns);
}

void builder_count_errno(union builder *builder, uint64_t cell, unsigned index, int32_t value)
{
    struct ffitap__statistics_cell *of = builder_at(builder, cell);

    if (!of->errnos)
        of->errnos = take(builder, sizeof(struct ffitap__statistics_errnos));
    struct ffitap__statistics_errnos *errnos = builder_at(builder, of->errnos);
    errnos->outcomes[index].used = 1;
    errnos->outcomes[index].value = value;
    errnos->outcomes[index].count++;
}

uint64_t builder_buckets(union builder *builder, uint64_t cell)
{
    return ((struct ffitap__statistics_cell *)builder_at(builder, cell))->buckets;
}

static struct ffitap__statistics_object *add_object(union builder *builder, uint64_t base,
                                                    const char *path, uint32_t cause,
                                                    uint32_t is_unmapped)
{
    struct ffitap__statistics_object *object;
    const uint64_t offset = builder_record(
        builder, &builder->header.lists[FFITAP__STATISTICS_OBJECTS], sizeof(*object));

    object = builder_at(builder, offset);
    object->base = base;
    object->size = 4096;
    object->path = builder_text(builder, path);
    object->soname = builder_text(builder, strrchr(path, '/') + 1);
    object->build_id = builder_text(builder, "c0ffee");
    object->cause = cause;
    object->is_unmapped = is_unmapped;
    return object;
}

static void count_object(union builder *builder, uint64_t base, const char *path, uint64_t mapped,
                         uint64_t unmapped)
{
    struct ffitap__statistics_object *object =
        add_object(builder, base, path, FFITAP__OBJECT_ASKED_FOR, 0);

    object->mapped = mapped;
    object->unmapped = unmapped;
}

static void add_load(union builder *builder, const char *name, const char *path, uint64_t count,
                     uint64_t failed)
{
    struct ffitap__statistics_load *load;
    const uint64_t offset =
        builder_record(builder, &builder->header.lists[FFITAP__STATISTICS_LOADS], sizeof(*load));

    load = builder_at(builder, offset);
    load->name = builder_text(builder, name);
    load->is_main_program = !*name;
    load->caller = builder->header.exe;
    load->path = builder_text(builder, path);
    load->mode = 2;
    load->count = count;
    load->failed = failed;
    load->total_ns = 1000 * count;
    load->max_ns = 1000;
    load->error = failed ? builder_text(builder, "it is not there") : 0;
}

static void add_lookup(union builder *builder, const char *symbol, uint64_t count, uint64_t cached,
                       uint64_t failed)
{
    struct ffitap__statistics_lookup *lookup;
    const uint64_t offset = builder_record(
        builder, &builder->header.lists[FFITAP__STATISTICS_LOOKUPS], sizeof(*lookup));

    lookup = builder_at(builder, offset);
    lookup->library = builder_text(builder, LIBM);
    lookup->symbol = builder_text(builder, symbol);
    lookup->count = count;
    lookup->cached = cached;
    lookup->failed = failed;
    lookup->total_ns = 100 * count;
    lookup->error = failed ? builder_text(builder, "undefined symbol") : 0;
}

static void call_cos(union builder *builder, uint64_t thread)
{
    const uint64_t offset = builder_cell(builder, thread, 1, FFITAP__STATISTICS_CALLS);
    struct ffitap__statistics_cell *cell = builder_at(builder, offset);

    builder_count(builder, offset, 10);
    builder_count(builder, offset, 20);
    builder_count(builder, offset, 5000);
    cell->callbacks_ns += 7;
    cell->unfinished = 1;
    builder_count_window(builder, offset, 50, 3);
    builder_count_window(builder, offset, 5500, 100);
    windows_of(builder, offset)->count++;
    windows_of(builder, offset)->wait_unknown++;
    builder_count_errno(builder, offset, 0, 0);
    builder_count_errno(builder, offset, 1, 2);
    builder_count_errno(builder, offset, 1, 2);
    struct ffitap__statistics_errnos *errnos = builder_at(builder, cell->errnos);
    errnos->outcomes[1].unchanged = 1;
    builder_count(builder, builder_cell(builder, thread, 1, FFITAP__STATISTICS_CALLBACKS), 7);
}

/* One call of it went on for 400 us, and a callback out of that called it again 100 us ago. */
static void call_open(union builder *builder, uint64_t thread)
{
    const uint64_t offset = builder_cell(builder, thread, 2, FFITAP__STATISTICS_CALLS);
    struct ffitap__statistics_cell *cell = builder_at(builder, offset);
    struct ffitap__statistics_thread *of = builder_at(builder, thread);

    builder_count(builder, offset, 30);
    builder_count(builder, offset, 31);
    cell->held_calls = 2;
    of->in_flight[0] = (struct ffitap__statistics_in_flight){500100, 2, 1};
    of->in_flight[1] = (struct ffitap__statistics_in_flight){800100, 2, 1};
    of->depth = 2;
}

void builder_tell_story(union builder *builder)
{
    builder_begin(builder);
    builder_runtime(builder, 1, "ctypes");
    add_object(builder, 0x10000, LIBC, FFITAP__OBJECT_AT_START_UP, 0);
    add_object(builder, 0x20000, LIBM, FFITAP__OBJECT_ASKED_FOR, 0);
    add_object(builder, 0x20000, LIBM, FFITAP__OBJECT_ASKED_FOR, 1);
    count_object(builder, 0x30000, LIBZ, 1000, 999);
    builder_function(builder, 1, LIBM, "co");
    builder_function(builder, 1, LIBM, "cos");
    builder_function(builder, 2, LIBC, "open");
    add_load(builder, "libm.so.6", LIBM, 2, 0);
    add_load(builder, "libno.so", "", 1, 1);
    add_load(builder, "", builder_at(builder, builder->header.exe), 1, 0);
    add_lookup(builder, "cos", 8, 5, 0);
    add_lookup(builder, "nope", 2, 0, 2);
    call_cos(builder, builder_thread(builder, 4711));
    call_open(builder, builder_thread(builder, 4712));
    builder->header.lost[FFITAP__LOST_CALL] = 2;
    builder->header.lost[15] = 1;
    builder_end(builder);
}
