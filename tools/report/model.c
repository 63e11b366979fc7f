#include "report/model.h"

#include <string.h>

#include "report/module_entry.h"
#include "report/sources.h"

/* Deeper than real calls nest; a trace that lost the exits must not make the report grow. */
#define OPEN_CALLS_MAX 256

static void destroy_process(gpointer process)
{
    ffitap__process_destroy(process);
}

struct ffitap__model *ffitap__model_create(const char *token)
{
    struct ffitap__model *model = g_new0(struct ffitap__model, 1);

    ffitap__tables_init(&model->tables);
    model->processes = g_ptr_array_new_with_free_func(destroy_process);
    model->left_out = g_ptr_array_new_with_free_func(destroy_process);
    model->in_flight = g_array_new(FALSE, FALSE, sizeof(struct ffitap__in_flight));
    model->unseen = g_array_new(FALSE, FALSE, sizeof(struct ffitap__unseen));
    model->started = g_array_new(FALSE, FALSE, sizeof(struct ffitap__started));
    model->damaged = g_ptr_array_new_with_free_func(g_free);
    model->token = g_strdup(token);
    model->strings = ffitap__strings_create();
    model->current = g_hash_table_new(NULL, NULL);
    return model;
}

void ffitap__model_destroy(struct ffitap__model *model)
{
    if (!model)
        return;
    g_hash_table_destroy(model->current);
    g_ptr_array_free(model->processes, TRUE);
    g_ptr_array_free(model->left_out, TRUE);
    g_array_free(model->in_flight, TRUE);
    g_array_free(model->unseen, TRUE);
    g_array_free(model->started, TRUE);
    g_ptr_array_free(model->damaged, TRUE);
    ffitap__tables_fini(&model->tables);
    ffitap__strings_destroy(model->strings);
    g_free(model->token);
    g_free(model);
}

const char *ffitap__model_intern(struct ffitap__model *model, const char *text)
{
    return ffitap__strings_intern(model->strings, text);
}

void ffitap__model_note_damage(struct ffitap__model *model, char *sentence)
{
    g_ptr_array_add(model->damaged, sentence);
}

static struct ffitap__process *start_process(struct ffitap__model *model, int32_t pid)
{
    struct ffitap__process *process = ffitap__process_create(model->strings, pid);

    g_ptr_array_add(model->processes, process);
    g_hash_table_insert(model->current, GINT_TO_POINTER(pid), process);
    model->last_process = process;
    return process;
}

static struct ffitap__process *current_process(struct ffitap__model *model, int32_t pid)
{
    if (model->last_process && model->last_process->pid == pid)
        return model->last_process;
    struct ffitap__process *process = g_hash_table_lookup(model->current, GINT_TO_POINTER(pid));
    if (!process)
        return start_process(model, pid);
    model->last_process = process;
    return process;
}

/* The process that an event counts for; NULL if it belongs to another recording. */
static struct ffitap__process *process_at(struct ffitap__model *model, const struct ffitap__at *at)
{
    struct ffitap__process *process = current_process(model, at->pid);

    return process->belonging == FFITAP__FOREIGN ? NULL : process;
}

static bool is_foreign(const struct ffitap__model *model, const char *token)
{
    return model->token[0] && token[0] && strcmp(model->token, token) != 0;
}

/* The trace's clock and the tap's are the same one unless a plug-in of LTTng's replaced it. */
static int64_t wall_of(const struct ffitap__at *at, uint64_t clock_ns)
{
    return at->clock_ns >= clock_ns ? at->wall_ns - (int64_t)(at->clock_ns - clock_ns)
                                    : at->wall_ns;
}

/* Returns false if the process turned out to be foreign. */
static bool announce(struct ffitap__model *model, struct ffitap__process *process,
                     const struct ffitap__at *at, const struct ffitap__process_event *event)
{
    process->start_ns = event->start_ns;
    if (is_foreign(model, event->recording)) {
        ffitap__process_disown(process);
        return false;
    }
    process->ppid = event->ppid;
    process->start_wall_ns = wall_of(at, event->start_ns);
    process->exe = ffitap__model_intern(model, event->exe);
    g_byte_array_append(process->argv, event->argv, event->argv_size);
    if (event->ppid != at->pid)
        process->parent = g_hash_table_lookup(model->current, GINT_TO_POINTER(event->ppid));
    return true;
}

void ffitap__model_process(struct ffitap__model *model, const struct ffitap__at *at,
                           const struct ffitap__process_event *event)
{
    struct ffitap__process *process = current_process(model, at->pid);

    if (process->belonging != FFITAP__UNANNOUNCED) {
        if (process->start_ns == event->start_ns)
            return;
        process->replaced = true;
        process = start_process(model, at->pid);
    }
    if (!announce(model, process, at, event))
        return;
    if (ffitap__sources_tell_better(model->processes, process))
        process->belonging = FFITAP__SUPERSEDED;
    else
        ffitap__process_adopt(process, &model->tables);
}

struct ffitap__process *ffitap__model_begin_statistics(struct ffitap__model *model,
                                                       const struct ffitap__at *at,
                                                       const struct ffitap__process_event *event)
{
    struct ffitap__process *process = start_process(model, at->pid);

    process->has_statistics = true;
    return announce(model, process, at, event) ? process : NULL;
}

void ffitap__model_end_statistics(struct ffitap__model *model, int32_t pid)
{
    g_hash_table_remove(model->current, GINT_TO_POINTER(pid));
    model->last_process = NULL;
}

void ffitap__model_runtime(struct ffitap__model *model, const struct ffitap__at *at,
                           const struct ffitap__runtime_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (process)
        ffitap__process_define_runtime(process, event->runtime_id,
                                       ffitap__model_intern(model, event->name), event->lock_kind);
}

void ffitap__model_function(struct ffitap__model *model, const struct ffitap__at *at,
                            const struct ffitap__function_event *event)
{
    struct ffitap__process *process = process_at(model, at);
    const char *symbol = event->symbol;
    char offset[32];

    if (!process)
        return;
    if (!symbol[0]) {
        g_snprintf(offset, sizeof(offset), "+0x%" G_GINT64_MODIFIER "x", event->offset);
        symbol = offset;
    }
    ffitap__process_define_function(process, event->function_id,
                                    ffitap__model_intern(model, event->library),
                                    ffitap__model_intern(model, symbol), event->address);
}

/* Bases are page-aligned, so that the lowest bit is free to keep 0 from being NULL. */
static gpointer base_key(uint64_t base)
{
    return GSIZE_TO_POINTER(base | 1);
}

static struct ffitap__report_object *row_of(struct ffitap__process *process,
                                            const struct ffitap__object_event *event)
{
    struct ffitap__strings *strings = process->strings;

    return ffitap__tables_object(process->tables, ffitap__strings_intern(strings, event->path),
                                 ffitap__strings_intern(strings, event->build_id),
                                 ffitap__strings_intern(strings, event->soname));
}

static void count_mappings(struct ffitap__process *process, struct ffitap__report_object *object,
                           const struct ffitap__object_event *event, uint64_t count)
{
    if (object->mapped == 0) {
        object->base = event->base;
        object->size = event->size;
        object->cause = event->cause;
        object->needed_by = ffitap__strings_intern(process->strings, event->needed_by);
    }
    object->mapped += count;
}

void ffitap__model_object_mapped(struct ffitap__model *model, const struct ffitap__at *at,
                                 const struct ffitap__object_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    struct ffitap__report_object *object = row_of(process, event);
    if (g_hash_table_lookup(process->mapped, base_key(event->base)) == object)
        return;
    g_hash_table_insert(process->mapped, base_key(event->base), object);
    count_mappings(process, object, event, 1);
}

void ffitap__model_object_counted(struct ffitap__model *model, const struct ffitap__at *at,
                                  const struct ffitap__object_event *event, uint64_t mapped,
                                  uint64_t unmapped)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    struct ffitap__report_object *object = row_of(process, event);
    count_mappings(process, object, event, mapped);
    object->unmapped += MIN(unmapped, mapped);
}

void ffitap__model_object_unmapped(struct ffitap__model *model, const struct ffitap__at *at,
                                   const struct ffitap__object_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    /* An object whose mapping went unseen has no row to count it in. */
    struct ffitap__report_object *object =
        g_hash_table_lookup(process->mapped, base_key(event->base));
    if (!object)
        return;
    object->unmapped++;
    g_hash_table_remove(process->mapped, base_key(event->base));
}

static const char *requested_name(struct ffitap__model *model,
                                  const struct ffitap__load_event *event)
{
    return event->main_program ? NULL : ffitap__model_intern(model, event->name);
}

void ffitap__model_load_begin(struct ffitap__model *model, const struct ffitap__at *at,
                              const struct ffitap__load_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    struct ffitap__open_load *load = g_new(struct ffitap__open_load, 1);
    *load = (struct ffitap__open_load){requested_name(model, event),
                                       ffitap__model_intern(model, event->caller), event->mode,
                                       at->wall_ns};
    g_hash_table_insert(process->open_loads, GSIZE_TO_POINTER(event->load_id), load);
}

static struct ffitap__load *count_load(struct ffitap__process *process, const char *name,
                                       const char *caller, const char *path, int32_t mode)
{
    struct ffitap__load *load = ffitap__tables_load(process->tables, name, caller, path);

    if (load->count++ == 0)
        load->mode = mode;
    return load;
}

void ffitap__model_load_end(struct ffitap__model *model, const struct ffitap__at *at,
                            const struct ffitap__load_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    g_hash_table_remove(process->open_loads, GSIZE_TO_POINTER(event->load_id));
    struct ffitap__load *load = count_load(process, requested_name(model, event),
                                           ffitap__model_intern(model, event->caller),
                                           ffitap__model_intern(model, event->path), event->mode);
    load->total_ns += event->duration_ns;
    load->max_ns = MAX(load->max_ns, event->duration_ns);
    if (event->error[0] || !event->handle) {
        load->failed++;
        load->error = ffitap__model_intern(model, event->error);
    }
}

void ffitap__model_lookup(struct ffitap__model *model, const struct ffitap__at *at,
                          const struct ffitap__lookup_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    struct ffitap__lookup *lookup =
        ffitap__tables_lookup(process->tables, ffitap__model_intern(model, event->library),
                              ffitap__model_intern(model, event->symbol));
    lookup->count++;
    lookup->total_ns += event->duration_ns;
    if (event->cached)
        lookup->cached++;
    if (event->error[0] || !event->function_id) {
        lookup->failed++;
        lookup->error = ffitap__model_intern(model, event->error);
    }
}

void ffitap__model_call(struct ffitap__model *model, const struct ffitap__at *at,
                        const struct ffitap__call_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    ffitap__process_thread(process, at->tid)->calls++;
    ffitap__function_add(ffitap__process_function(process, event->function_id, event->runtime_id),
                         event, ffitap__process_lock_kind(process, event->runtime_id));
}

void ffitap__model_call_entry(struct ffitap__model *model, const struct ffitap__at *at,
                              const struct ffitap__call_edge_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    struct ffitap__report_thread *thread = ffitap__process_thread(process, at->tid);
    const struct ffitap__open_call call = {
        .call_id = event->call_id, .function_id = event->function_id, .wall_ns = at->wall_ns};
    if (!thread->open_calls)
        thread->open_calls = g_array_new(FALSE, FALSE, sizeof(struct ffitap__open_call));
    if (thread->open_calls->len == OPEN_CALLS_MAX)
        g_array_remove_index(thread->open_calls, 0);
    g_array_append_val(thread->open_calls, call);
}

void ffitap__model_call_waits(struct ffitap__model *model, const struct ffitap__at *at)
{
    struct ffitap__process *process = process_at(model, at);
    GArray *open = process ? ffitap__process_thread(process, at->tid)->open_calls : NULL;

    if (!open || !open->len)
        return;
    struct ffitap__open_call *call = &g_array_index(open, struct ffitap__open_call, open->len - 1);
    call->waits = true;
    call->left_wall_ns = at->wall_ns;
}

/* Calls nest: with one, those that it made are over too, seen or not. */
void ffitap__model_call_exit(struct ffitap__model *model, const struct ffitap__at *at,
                             const struct ffitap__call_edge_event *event)
{
    struct ffitap__process *process = process_at(model, at);
    GArray *open = process ? ffitap__process_thread(process, at->tid)->open_calls : NULL;

    for (unsigned i = open ? open->len : 0; i > 0; i--) {
        if (g_array_index(open, struct ffitap__open_call, i - 1).call_id == event->call_id) {
            g_array_set_size(open, i - 1);
            return;
        }
    }
}

void ffitap__model_callback_exit(struct ffitap__model *model, const struct ffitap__at *at,
                                 const struct ffitap__callback_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (!process)
        return;
    struct ffitap__callbacks *callbacks =
        ffitap__process_callbacks(process, event->function_id, event->runtime_id);
    ffitap__histogram_add(&callbacks->duration, event->duration_ns);
}

void ffitap__model_lost(struct ffitap__model *model, const struct ffitap__at *at,
                        const struct ffitap__lost_event *event)
{
    struct ffitap__process *process = process_at(model, at);

    if (process)
        process->lost[MIN(event->what, FFITAP__LOSS_KINDS - 1)] += event->count;
}

static void list_open_calls(struct ffitap__model *model, const struct ffitap__process *process,
                            const struct ffitap__report_thread *thread)
{
    for (unsigned i = 0; thread->open_calls && i < thread->open_calls->len; i++) {
        const struct ffitap__open_call *call =
            &g_array_index(thread->open_calls, struct ffitap__open_call, i);
        struct ffitap__in_flight in_flight = {
            .pid = process->pid,
            .tid = thread->tid,
            .since_ns = (uint64_t)MAX(model->last_ns - call->wall_ns, 0),
            .waits = call->waits,
        };
        if (call->waits)
            in_flight.wait_ns = (uint64_t)MAX(model->last_ns - call->left_wall_ns, 0);
        ffitap__process_name(process, call->function_id, &in_flight.library, &in_flight.symbol);
        g_array_append_val(model->in_flight, in_flight);
    }
}

static void list_calls_in_flight(struct ffitap__model *model, const struct ffitap__process *process)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, process->threads);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        list_open_calls(model, process, value);
}

/* What never ended is looked at the moment `last_ns`. */
static void list_open_loads(struct ffitap__process *process, int64_t last_ns)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, process->open_loads);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const struct ffitap__open_load *load = value;
        const uint64_t since_ns = (uint64_t)MAX(last_ns - load->wall_ns, 0);
        struct ffitap__load *row =
            count_load(process, load->name, load->caller,
                       ffitap__strings_intern(process->strings, ""), load->mode);
        row->unfinished++;
        row->total_ns += since_ns;
        row->max_ns = MAX(row->max_ns, since_ns);
    }
}

static gint by_process_and_age(gconstpointer a, gconstpointer b)
{
    const struct ffitap__in_flight *left = a, *right = b;

    if (left->pid != right->pid)
        return left->pid < right->pid ? -1 : 1;
    if (left->tid != right->tid)
        return left->tid < right->tid ? -1 : 1;
    return left->since_ns < right->since_ns ? 1 : left->since_ns > right->since_ns ? -1 : 0;
}

/* An image that an exec replaced left its calls and loads on purpose. Of calls that were under way
 * when the program stopped its statistics nobody knows whether they still are. */
static void finish_process(struct ffitap__model *model, struct ffitap__process *process)
{
    model->undefined_functions += ffitap__process_name_all(process);
    if (!process->replaced) {
        if (!process->is_stopped)
            list_calls_in_flight(model, process);
        list_open_loads(process, model->last_ns);
    }
    if (process->belonging == FFITAP__UNANNOUNCED)
        ffitap__process_adopt(process, &model->tables);
    for (unsigned i = 0; i < FFITAP__LOSS_KINDS; i++)
        model->lost[i] += process->lost[i];
}

/* Of what happened in it, only loads that never ended are in no statistics file. */
static void finish_superseded(struct ffitap__model *model, struct ffitap__process *process)
{
    ffitap__process_forget_tables(process, &model->tables);
    if (!process->replaced)
        list_open_loads(process, model->last_ns);
}

/* What could have no statistics file may be in the trace. */
static bool is_in_trace(const struct ffitap__model *model, int32_t pid)
{
    for (unsigned i = 0; i < model->processes->len; i++) {
        const struct ffitap__process *process = g_ptr_array_index(model->processes, i);
        if (process->pid == pid && !process->has_statistics &&
            process->belonging != FFITAP__FOREIGN && process->belonging != FFITAP__SUPERSEDED)
            return true;
    }
    return false;
}

static void forget_seen(struct ffitap__model *model)
{
    for (unsigned i = model->unseen->len; i > 0; i--)
        if (is_in_trace(model, g_array_index(model->unseen, struct ffitap__unseen, i - 1).pid))
            g_array_remove_index(model->unseen, i - 1);
}

static void leave_out(struct ffitap__model *model)
{
    for (unsigned i = model->processes->len; i > 0; i--) {
        const struct ffitap__process *process = g_ptr_array_index(model->processes, i - 1);
        if (process->belonging == FFITAP__FOREIGN || process->belonging == FFITAP__SUPERSEDED)
            g_ptr_array_add(model->left_out, g_ptr_array_steal_index(model->processes, i - 1));
    }
}

void ffitap__model_finish(struct ffitap__model *model)
{
    ffitap__sources_choose(model->processes);
    for (unsigned i = 0; i < model->processes->len; i++) {
        struct ffitap__process *process = g_ptr_array_index(model->processes, i);
        if (process->belonging == FFITAP__SUPERSEDED)
            finish_superseded(model, process);
        else if (process->belonging != FFITAP__FOREIGN)
            finish_process(model, process);
    }
    g_array_sort(model->in_flight, by_process_and_age);
    forget_seen(model);
    ffitap__module_entry_settle(model->tables.lookups, model->strings);
    leave_out(model);
    model->last_process = NULL;
    g_hash_table_remove_all(model->current);
}

bool ffitap__model_has_process(const struct ffitap__model *model, int64_t pid)
{
    for (unsigned i = 0; i < model->processes->len; i++) {
        const struct ffitap__process *process = g_ptr_array_index(model->processes, i);
        if (process->pid == pid)
            return true;
    }
    return false;
}
