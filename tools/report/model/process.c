#include "report/model/process.h"

#include <string.h>

struct definition {
    const char *library;
    const char *symbol;
    uint64_t address;
};

/* What a process counts of one function through one runtime: the calls, or the callbacks. */
struct cell {
    uint32_t function_id;
    uint16_t runtime_id;
    bool is_of_callbacks;
    bool named;
    struct definition definition; /* these two are set once it is named */
    const char *runtime;
    /* NULL until there is something to count; the cell's own until it is named, then the table's */
    struct ffitap__report_function *function;
    struct ffitap__callbacks *callbacks;
};

static void destroy_cell(gpointer data)
{
    struct cell *cell = data;

    if (!cell->named) {
        ffitap__function_destroy(cell->function);
        ffitap__callbacks_destroy(cell->callbacks);
    }
    g_free(cell);
}

static void destroy_thread(gpointer data)
{
    struct ffitap__report_thread *thread = data;

    if (thread->open_calls)
        g_array_free(thread->open_calls, TRUE);
    g_free(thread);
}

static struct ffitap__tables *create_tables(void)
{
    struct ffitap__tables *tables = g_new0(struct ffitap__tables, 1);

    ffitap__tables_init(tables);
    return tables;
}

static void destroy_own_tables(struct ffitap__process *process)
{
    if (!process->owns_tables)
        return;
    ffitap__tables_fini(process->tables);
    g_free(process->tables);
    process->tables = NULL;
    process->owns_tables = false;
}

struct ffitap__process *ffitap__process_create(struct ffitap__strings *strings, int32_t pid)
{
    struct ffitap__process *process = g_new0(struct ffitap__process, 1);

    process->strings = strings;
    process->pid = pid;
    process->argv = g_byte_array_new();
    process->tables = create_tables();
    process->owns_tables = true;
    process->definitions = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    process->runtimes = g_hash_table_new(NULL, NULL);
    process->locks = g_hash_table_new(NULL, NULL);
    process->cells = g_hash_table_new_full(NULL, NULL, NULL, destroy_cell);
    process->unnamed = g_hash_table_new(NULL, NULL);
    process->threads = g_hash_table_new_full(NULL, NULL, NULL, destroy_thread);
    process->mapped = g_hash_table_new(NULL, NULL);
    process->open_loads = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return process;
}

void ffitap__process_destroy(struct ffitap__process *process)
{
    g_hash_table_destroy(process->unnamed);
    g_hash_table_destroy(process->cells);
    g_hash_table_destroy(process->definitions);
    g_hash_table_destroy(process->runtimes);
    g_hash_table_destroy(process->locks);
    g_hash_table_destroy(process->threads);
    g_hash_table_destroy(process->mapped);
    g_hash_table_destroy(process->open_loads);
    g_byte_array_free(process->argv, TRUE);
    destroy_own_tables(process);
    g_free(process);
}

struct ffitap__report_thread *ffitap__process_thread(struct ffitap__process *process, int32_t tid)
{
    struct ffitap__report_thread **recent =
        &process->recent_threads[(uint32_t)tid % FFITAP__RECENT_MAX];

    if (*recent && (*recent)->tid == tid)
        return *recent;
    struct ffitap__report_thread *thread =
        g_hash_table_lookup(process->threads, GINT_TO_POINTER(tid));
    if (!thread) {
        thread = g_new0(struct ffitap__report_thread, 1);
        thread->tid = tid;
        g_hash_table_insert(process->threads, GINT_TO_POINTER(tid), thread);
    }
    *recent = thread;
    return thread;
}

/* Moves what the cell counted so far into the tables. */
static void give_name(struct ffitap__process *process, struct cell *cell,
                      const struct definition *definition, const char *runtime)
{
    struct ffitap__report_function *function = cell->function;
    struct ffitap__callbacks *callbacks = cell->callbacks;

    cell->named = true;
    cell->definition = *definition;
    cell->runtime = runtime;
    cell->function = NULL;
    cell->callbacks = NULL;
    if (function)
        ffitap__function_merge(
            ffitap__process_function(process, cell->function_id, cell->runtime_id), function);
    if (callbacks)
        ffitap__histogram_merge(
            &ffitap__process_callbacks(process, cell->function_id, cell->runtime_id)->duration,
            &callbacks->duration);
    ffitap__function_destroy(function);
    ffitap__callbacks_destroy(callbacks);
}

static const struct definition *definition_of(const struct ffitap__process *process,
                                              const struct cell *cell)
{
    static const struct definition out_of_no_call = {0};

    if (cell->is_of_callbacks && cell->function_id == 0)
        return &out_of_no_call;
    return g_hash_table_lookup(process->definitions, GUINT_TO_POINTER(cell->function_id));
}

static bool name_if_defined(struct ffitap__process *process, struct cell *cell)
{
    const struct definition *definition = definition_of(process, cell);
    const char *runtime =
        g_hash_table_lookup(process->runtimes, GUINT_TO_POINTER(cell->runtime_id));

    if (definition && runtime)
        give_name(process, cell, definition, runtime);
    return cell->named;
}

static struct cell *add_cell(struct ffitap__process *process, gpointer key, uint32_t function_id,
                             uint16_t runtime_id, bool is_of_callbacks)
{
    struct cell *cell = g_new0(struct cell, 1);

    cell->function_id = function_id;
    cell->runtime_id = runtime_id;
    cell->is_of_callbacks = is_of_callbacks;
    g_hash_table_insert(process->cells, key, cell);
    if (!name_if_defined(process, cell))
        g_hash_table_add(process->unnamed, cell);
    return cell;
}

static struct cell *cell_of(struct ffitap__process *process, uint32_t function_id,
                            uint16_t runtime_id, bool is_of_callbacks)
{
    struct cell **recent = &process->recent_cells[function_id % FFITAP__RECENT_MAX];
    struct cell *cell = *recent;

    if (cell && cell->function_id == function_id && cell->runtime_id == runtime_id &&
        cell->is_of_callbacks == is_of_callbacks)
        return cell;
    const gpointer key =
        GSIZE_TO_POINTER((gsize)is_of_callbacks << 48 | (gsize)runtime_id << 32 | function_id);
    cell = g_hash_table_lookup(process->cells, key);
    if (!cell)
        cell = add_cell(process, key, function_id, runtime_id, is_of_callbacks);
    *recent = cell;
    return cell;
}

struct ffitap__report_function *ffitap__process_function(struct ffitap__process *process,
                                                         uint32_t function_id, uint16_t runtime_id)
{
    struct cell *cell = cell_of(process, function_id, runtime_id, false);

    if (!cell->function && cell->named) {
        const struct definition *definition = &cell->definition;
        cell->function = ffitap__tables_function(process->tables, definition->library,
                                                 definition->symbol, cell->runtime);
        if (!cell->function->address)
            cell->function->address = definition->address;
    } else if (!cell->function) {
        cell->function = g_new0(struct ffitap__report_function, 1);
    }
    return cell->function;
}

struct ffitap__callbacks *ffitap__process_callbacks(struct ffitap__process *process,
                                                    uint32_t function_id, uint16_t runtime_id)
{
    struct cell *cell = cell_of(process, function_id, runtime_id, true);

    if (!cell->callbacks && cell->named)
        cell->callbacks = ffitap__tables_callbacks(process->tables, cell->definition.library,
                                                   cell->definition.symbol, cell->runtime);
    else if (!cell->callbacks)
        cell->callbacks = g_new0(struct ffitap__callbacks, 1);
    return cell->callbacks;
}

static void name_what_can_be(struct ffitap__process *process)
{
    GHashTableIter iterator;
    gpointer cell;

    g_hash_table_iter_init(&iterator, process->unnamed);
    while (g_hash_table_iter_next(&iterator, &cell, NULL)) {
        if (name_if_defined(process, cell))
            g_hash_table_iter_remove(&iterator);
    }
}

/* Call this after a definition or the tables have changed: what is counted from now on belongs in
 * other rows. */
static void name_again(struct ffitap__process *process)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, process->cells);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        struct cell *cell = value;
        if (cell->named) {
            cell->function = NULL;
            cell->callbacks = NULL;
            name_if_defined(process, cell);
        }
    }
}

void ffitap__process_define_function(struct ffitap__process *process, uint32_t function_id,
                                     const char *library, const char *symbol, uint64_t address)
{
    const gpointer key = GUINT_TO_POINTER(function_id);
    struct definition *known = g_hash_table_lookup(process->definitions, key);

    if (known && known->library == library && known->symbol == symbol)
        return;
    struct definition *definition = g_new(struct definition, 1);
    *definition = (struct definition){library, symbol, address};
    g_hash_table_insert(process->definitions, key, definition);
    if (known)
        name_again(process);
    else
        name_what_can_be(process);
}

void ffitap__process_define_runtime(struct ffitap__process *process, uint16_t runtime_id,
                                    const char *name, uint8_t lock_kind)
{
    const gpointer key = GUINT_TO_POINTER(runtime_id);
    const char *known = g_hash_table_lookup(process->runtimes, key);

    if (lock_kind <= FFITAP__LOCK_OFF) {
        g_hash_table_insert(process->locks, key, GUINT_TO_POINTER(lock_kind));
        process->lock_kinds |= 1u << lock_kind;
    }
    if (known == name)
        return;
    g_hash_table_insert(process->runtimes, key, (gpointer)name);
    if (known)
        name_again(process);
    else
        name_what_can_be(process);
}

bool ffitap__process_is_free_threaded(const struct ffitap__process *process)
{
    return process->lock_kinds &
           (1u << FFITAP__LOCK_OPTIONAL | 1u << FFITAP__LOCK_ON | 1u << FFITAP__LOCK_OFF);
}

/* The objects that are mapped now are rows of tables that are about to be destroyed: finds their
 * rows in the new tables. */
static void move_mapped(struct ffitap__process *process, struct ffitap__tables *tables)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, process->mapped);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const struct ffitap__report_object *object = value;
        g_hash_table_iter_replace(
            &iterator,
            ffitap__tables_object(tables, object->path, object->build_id, object->soname));
    }
}

void ffitap__process_adopt(struct ffitap__process *process, struct ffitap__tables *tables)
{
    ffitap__tables_merge(tables, process->tables);
    move_mapped(process, tables);
    destroy_own_tables(process);
    process->belonging = FFITAP__OURS;
    process->tables = tables;
    name_again(process);
}

void ffitap__process_disown(struct ffitap__process *process)
{
    g_hash_table_remove_all(process->unnamed);
    g_hash_table_remove_all(process->cells);
    g_hash_table_remove_all(process->definitions);
    g_hash_table_remove_all(process->runtimes);
    g_hash_table_remove_all(process->locks);
    process->lock_kinds = 0;
    g_hash_table_remove_all(process->threads);
    g_hash_table_remove_all(process->mapped);
    g_hash_table_remove_all(process->open_loads);
    memset(process->recent_threads, 0, sizeof(process->recent_threads));
    memset(process->recent_cells, 0, sizeof(process->recent_cells));
    destroy_own_tables(process);
    process->belonging = FFITAP__FOREIGN;
    process->tables = NULL;
}

void ffitap__process_forget_tables(struct ffitap__process *process, struct ffitap__tables *tables)
{
    g_hash_table_remove_all(process->unnamed);
    g_hash_table_remove_all(process->cells);
    memset(process->recent_cells, 0, sizeof(process->recent_cells));
    g_hash_table_remove_all(process->mapped);
    destroy_own_tables(process);
    process->tables = tables;
}

/*
 * Whether `process` was made by a fork without an exec, so that its parent's ids are its own. A
 * forked child has its parent's image, and so the same moment at which the tap started. If the tap
 * has noted another moment in the child, the child still is the same program with the same
 * arguments.
 */
static bool has_ids_of_parent(const struct ffitap__process *process)
{
    const struct ffitap__process *parent = process->parent;

    if (!parent)
        return false;
    if (process->start_ns == parent->start_ns)
        return true;
    return process->exe && process->exe == parent->exe && process->argv->len == parent->argv->len &&
           memcmp(process->argv->data, parent->argv->data, process->argv->len) == 0;
}

static const struct definition *find_definition(const struct ffitap__process *process,
                                                uint32_t function_id)
{
    const struct definition *definition =
        g_hash_table_lookup(process->definitions, GUINT_TO_POINTER(function_id));

    if (!definition && has_ids_of_parent(process))
        return find_definition(process->parent, function_id);
    return definition;
}

static const char *find_runtime(const struct ffitap__process *process, uint16_t runtime_id)
{
    const char *name = g_hash_table_lookup(process->runtimes, GUINT_TO_POINTER(runtime_id));

    if (!name && has_ids_of_parent(process))
        return find_runtime(process->parent, runtime_id);
    return name;
}

enum ffitap__lock_kind ffitap__process_lock_kind(const struct ffitap__process *process,
                                                 uint16_t runtime_id)
{
    gpointer kind;

    if (g_hash_table_lookup_extended(process->locks, GUINT_TO_POINTER(runtime_id), NULL, &kind))
        return GPOINTER_TO_UINT(kind);
    return has_ids_of_parent(process) ? ffitap__process_lock_kind(process->parent, runtime_id)
                                      : FFITAP__LOCK_UNTOLD;
}

static const char *unknown(struct ffitap__strings *strings, unsigned id)
{
    char name[32];

    g_snprintf(name, sizeof(name), "[unknown #%u]", id);
    return ffitap__strings_intern(strings, name);
}

void ffitap__process_name(const struct ffitap__process *process, uint32_t function_id,
                          const char **library, const char **symbol)
{
    const struct definition *definition = find_definition(process, function_id);

    *library = definition ? definition->library : ffitap__strings_intern(process->strings, "");
    *symbol = definition ? definition->symbol : unknown(process->strings, function_id);
}

static void name_finally(struct ffitap__process *process, struct cell *cell)
{
    struct definition definition = {0};
    const char *runtime = find_runtime(process, cell->runtime_id);

    if (cell->function_id != 0 || !cell->is_of_callbacks)
        ffitap__process_name(process, cell->function_id, &definition.library, &definition.symbol);
    give_name(process, cell, &definition,
              runtime ? runtime : unknown(process->strings, cell->runtime_id));
}

unsigned ffitap__process_name_all(struct ffitap__process *process)
{
    GHashTable *undefined = g_hash_table_new(NULL, NULL); /* a set of function ids */
    GHashTableIter iterator;
    gpointer key;

    g_hash_table_iter_init(&iterator, process->unnamed);
    while (g_hash_table_iter_next(&iterator, &key, NULL)) {
        struct cell *cell = key;
        if (!definition_of(process, cell) && !find_definition(process, cell->function_id))
            g_hash_table_add(undefined, GUINT_TO_POINTER(cell->function_id));
        name_finally(process, cell);
    }
    g_hash_table_remove_all(process->unnamed);
    const unsigned count = g_hash_table_size(undefined);
    g_hash_table_destroy(undefined);
    return count;
}
