#include "report/model/tables.h"

#include <stdlib.h>

/* All rows begin with it. */
struct row {
    const char *identity[3];
};

static guint hash_row(gconstpointer key)
{
    const struct row *row = key;
    guint hash = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(row->identity); i++)
        hash = hash * 31 + (guint)((uintptr_t)row->identity[i] >> 3);
    return hash;
}

static gboolean are_same_row(gconstpointer a, gconstpointer b)
{
    const struct row *left = a, *right = b;

    return left->identity[0] == right->identity[0] && left->identity[1] == right->identity[1] &&
           left->identity[2] == right->identity[2];
}

static void *find_or_add(GHashTable *table, const char *const identity[3], size_t size)
{
    struct row *row = g_hash_table_lookup(table, identity);

    if (!row) {
        row = g_malloc0(size);
        for (unsigned i = 0; i < G_N_ELEMENTS(row->identity); i++)
            row->identity[i] = identity[i];
        g_hash_table_add(table, row);
    }
    return row;
}

/* The row of `table` with the identity of `row`. */
#define SAME(table, row) find_or_add((table), (row)->identity, sizeof(*(row)))

void ffitap__function_fini(struct ffitap__report_function *function)
{
    ffitap__histogram_fini(&function->native);
    ffitap__histogram_fini(&function->gil_wait);
    if (function->outcomes)
        g_array_free(function->outcomes, TRUE);
    function->outcomes = NULL;
}

void ffitap__function_destroy(struct ffitap__report_function *function)
{
    if (!function)
        return;
    ffitap__function_fini(function);
    g_free(function);
}

void ffitap__callbacks_destroy(struct ffitap__callbacks *callbacks)
{
    if (!callbacks)
        return;
    ffitap__histogram_fini(&callbacks->duration);
    g_free(callbacks);
}

static void destroy_function(gpointer row)
{
    ffitap__function_destroy(row);
}

static void destroy_callbacks(gpointer row)
{
    ffitap__callbacks_destroy(row);
}

void ffitap__tables_init(struct ffitap__tables *tables)
{
    tables->functions = g_hash_table_new_full(hash_row, are_same_row, destroy_function, NULL);
    tables->callbacks = g_hash_table_new_full(hash_row, are_same_row, destroy_callbacks, NULL);
    tables->loads = g_hash_table_new_full(hash_row, are_same_row, g_free, NULL);
    tables->lookups = g_hash_table_new_full(hash_row, are_same_row, g_free, NULL);
    tables->objects = g_hash_table_new_full(hash_row, are_same_row, g_free, NULL);
}

void ffitap__tables_fini(struct ffitap__tables *tables)
{
    g_hash_table_destroy(tables->functions);
    g_hash_table_destroy(tables->callbacks);
    g_hash_table_destroy(tables->loads);
    g_hash_table_destroy(tables->lookups);
    g_hash_table_destroy(tables->objects);
    *tables = (struct ffitap__tables){0};
}

struct ffitap__report_function *ffitap__tables_function(struct ffitap__tables *tables,
                                                        const char *library, const char *symbol,
                                                        const char *runtime)
{
    const char *const identity[] = {library, symbol, runtime};

    return find_or_add(tables->functions, identity, sizeof(struct ffitap__report_function));
}

struct ffitap__callbacks *ffitap__tables_callbacks(struct ffitap__tables *tables,
                                                   const char *library, const char *symbol,
                                                   const char *runtime)
{
    const char *const identity[] = {library, symbol, runtime};

    return find_or_add(tables->callbacks, identity, sizeof(struct ffitap__callbacks));
}

struct ffitap__load *ffitap__tables_load(struct ffitap__tables *tables, const char *name,
                                         const char *caller, const char *path)
{
    const char *const identity[] = {name, caller, path};

    return find_or_add(tables->loads, identity, sizeof(struct ffitap__load));
}

struct ffitap__lookup *ffitap__tables_lookup(struct ffitap__tables *tables, const char *library,
                                             const char *symbol)
{
    const char *const identity[] = {library, symbol, NULL};

    return find_or_add(tables->lookups, identity, sizeof(struct ffitap__lookup));
}

struct ffitap__report_object *ffitap__tables_object(struct ffitap__tables *tables, const char *path,
                                                    const char *build_id, const char *soname)
{
    const char *const identity[] = {path, build_id, soname};

    return find_or_add(tables->objects, identity, sizeof(struct ffitap__report_object));
}

void ffitap__function_add_outcome(struct ffitap__report_function *function,
                                  const struct ffitap__outcome *more)
{
    unsigned i = 0;

    if (!function->outcomes)
        function->outcomes = g_array_new(FALSE, FALSE, sizeof(*more));
    while (i < function->outcomes->len &&
           g_array_index(function->outcomes, struct ffitap__outcome, i).value < more->value)
        i++;
    if (i == function->outcomes->len ||
        g_array_index(function->outcomes, struct ffitap__outcome, i).value != more->value) {
        g_array_insert_val(function->outcomes, i, *more);
        return;
    }
    struct ffitap__outcome *outcome = &g_array_index(function->outcomes, struct ffitap__outcome, i);
    outcome->count += more->count;
    outcome->unchanged += more->unchanged;
}

/* Adds a window. If the window's end was not seen, its wait is unknown; the call's native time is
 * known all the same. */
static void add_window(struct ffitap__report_function *function,
                       const struct ffitap__call_event *event)
{
    function->gil_windows++;
    function->gil_released_ns += event->gil_released_ns;
    if (event->flags & FFITAP__CALL_WAIT_UNKNOWN)
        function->gil_wait_unknown++;
    else
        ffitap__histogram_add(&function->gil_wait, event->gil_wait_ns);
}

/* Whether the interpreter may have had no lock. If it is not known whether it had one, the report
 * must not say that calls waited for a lock. */
static bool may_lack_lock(enum ffitap__lock_kind lock)
{
    return lock == FFITAP__LOCK_OFF || lock == FFITAP__LOCK_OPTIONAL;
}

void ffitap__function_tell_lock(struct ffitap__report_function *function,
                                enum ffitap__lock_kind lock)
{
    if (!may_lack_lock(lock))
        return;
    function->unlocked_windows = function->gil_windows;
    function->unlocked_wait_ns = function->gil_wait.total;
    if (lock == FFITAP__LOCK_OFF)
        function->attached_calls =
            function->native.count - function->gil_windows - function->gil_held_calls;
}

static void add_lock(struct ffitap__report_function *function,
                     const struct ffitap__call_event *event, enum ffitap__lock_kind lock)
{
    if (!(event->flags & FFITAP__CALL_GIL_RELEASED)) {
        function->attached_calls += lock == FFITAP__LOCK_OFF;
        return;
    }
    function->unlocked_windows++;
    if (!(event->flags & FFITAP__CALL_WAIT_UNKNOWN))
        function->unlocked_wait_ns += event->gil_wait_ns;
}

void ffitap__function_add(struct ffitap__report_function *function,
                          const struct ffitap__call_event *event, enum ffitap__lock_kind lock)
{
    ffitap__histogram_add(&function->native, event->native_ns);
    if (event->native_ns > event->callbacks_ns)
        function->self_ns += event->native_ns - event->callbacks_ns;
    if (event->flags & FFITAP__CALL_UNFINISHED)
        function->unfinished++;
    if (event->flags & FFITAP__CALL_GIL_RELEASED)
        add_window(function, event);
    if (event->flags & FFITAP__CALL_GIL_HELD)
        function->gil_held_calls++;
    if (may_lack_lock(lock))
        add_lock(function, event, lock);
    if (event->flags & FFITAP__CALL_ERRNO_SWAPPED) {
        function->errno_swaps++;
        const struct ffitap__outcome outcome = {
            .value = event->errno_private_out,
            .count = 1,
            .unchanged = event->errno_private_out == event->errno_private_in,
        };
        ffitap__function_add_outcome(function, &outcome);
    }
}

void ffitap__function_merge(struct ffitap__report_function *function,
                            const struct ffitap__report_function *other)
{
    if (!function->address)
        function->address = other->address;
    ffitap__histogram_merge(&function->native, &other->native);
    function->self_ns += other->self_ns;
    function->unfinished += other->unfinished;
    function->gil_windows += other->gil_windows;
    function->gil_released_ns += other->gil_released_ns;
    ffitap__histogram_merge(&function->gil_wait, &other->gil_wait);
    function->gil_wait_unknown += other->gil_wait_unknown;
    function->gil_held_calls += other->gil_held_calls;
    function->unlocked_windows += other->unlocked_windows;
    function->unlocked_wait_ns += other->unlocked_wait_ns;
    function->attached_calls += other->attached_calls;
    function->errno_swaps += other->errno_swaps;
    for (unsigned i = 0; other->outcomes && i < other->outcomes->len; i++)
        ffitap__function_add_outcome(function,
                                     &g_array_index(other->outcomes, struct ffitap__outcome, i));
}

void ffitap__load_merge(struct ffitap__load *load, const struct ffitap__load *other)
{
    if (!load->count)
        load->mode = other->mode;
    load->count += other->count;
    load->failed += other->failed;
    load->unfinished += other->unfinished;
    load->total_ns += other->total_ns;
    load->max_ns = MAX(load->max_ns, other->max_ns);
    if (other->error)
        load->error = other->error;
}

void ffitap__lookup_merge(struct ffitap__lookup *lookup, const struct ffitap__lookup *other)
{
    lookup->count += other->count;
    lookup->cached += other->cached;
    lookup->failed += other->failed;
    lookup->expected += other->expected;
    lookup->total_ns += other->total_ns;
    if (other->error)
        lookup->error = other->error;
}

static void merge_object(struct ffitap__report_object *object,
                         const struct ffitap__report_object *other)
{
    if (!object->mapped) {
        object->base = other->base;
        object->size = other->size;
        object->needed_by = other->needed_by;
        object->cause = other->cause;
    }
    object->mapped += other->mapped;
    object->unmapped += other->unmapped;
}

void ffitap__tables_merge(struct ffitap__tables *tables, const struct ffitap__tables *other)
{
    GHashTableIter iterator;
    gpointer key;

    g_hash_table_iter_init(&iterator, other->functions);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const struct ffitap__report_function *function = key;
        ffitap__function_merge(SAME(tables->functions, function), function);
    }
    g_hash_table_iter_init(&iterator, other->callbacks);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const struct ffitap__callbacks *callbacks = key;
        struct ffitap__callbacks *same = SAME(tables->callbacks, callbacks);
        ffitap__histogram_merge(&same->duration, &callbacks->duration);
    }
    g_hash_table_iter_init(&iterator, other->loads);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const struct ffitap__load *load = key;
        ffitap__load_merge(SAME(tables->loads, load), load);
    }
    g_hash_table_iter_init(&iterator, other->lookups);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const struct ffitap__lookup *lookup = key;
        ffitap__lookup_merge(SAME(tables->lookups, lookup), lookup);
    }
    g_hash_table_iter_init(&iterator, other->objects);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        const struct ffitap__report_object *object = key;
        merge_object(SAME(tables->objects, object), object);
    }
}

gpointer *ffitap__tables_sort(GHashTable *table, ffitap__order *order, unsigned *count)
{
    gpointer *rows = g_hash_table_get_keys_as_array(table, count);

    qsort(rows, *count, sizeof(*rows), order);
    return rows;
}

/* qsort(3) gives pointers to the elements, which are pointers to rows. */
#define ROW(type, pointer) (*(const struct type *const *)(pointer))

int ffitap__by_identity(const void *a, const void *b)
{
    const struct row *left = ROW(row, a), *right = ROW(row, b);
    int difference = 0;

    for (unsigned i = 0; !difference && i < G_N_ELEMENTS(left->identity); i++)
        difference = g_strcmp0(left->identity[i], right->identity[i]);
    return difference;
}

static int by_amount(uint64_t left, uint64_t right, const void *a, const void *b)
{
    if (left != right)
        return left > right ? -1 : 1;
    return ffitap__by_identity(a, b);
}

uint64_t ffitap__lookup_failures(const struct ffitap__lookup *lookup)
{
    return lookup->failed - lookup->expected;
}

uint64_t ffitap__function_cost_ns(const struct ffitap__report_function *function)
{
    return function->native.total + function->gil_wait.total;
}

int ffitap__functions_by_cost(const void *a, const void *b)
{
    return by_amount(ffitap__function_cost_ns(ROW(ffitap__report_function, a)),
                     ffitap__function_cost_ns(ROW(ffitap__report_function, b)), a, b);
}

int ffitap__functions_by_calls(const void *a, const void *b)
{
    return by_amount(ROW(ffitap__report_function, a)->native.count,
                     ROW(ffitap__report_function, b)->native.count, a, b);
}

int ffitap__functions_by_wait(const void *a, const void *b)
{
    return by_amount(ROW(ffitap__report_function, a)->gil_wait.total,
                     ROW(ffitap__report_function, b)->gil_wait.total, a, b);
}

int ffitap__callbacks_by_time(const void *a, const void *b)
{
    return by_amount(ROW(ffitap__callbacks, a)->duration.total,
                     ROW(ffitap__callbacks, b)->duration.total, a, b);
}

int ffitap__loads_by_time(const void *a, const void *b)
{
    return by_amount(ROW(ffitap__load, a)->total_ns, ROW(ffitap__load, b)->total_ns, a, b);
}
