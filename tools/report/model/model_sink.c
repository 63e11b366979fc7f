/* What the model does with each thing that it is told (report/model/sink.h). */
#include <string.h>

#include "report/model/model.h"
#include "report/model/sources.h"

/* Deeper than real calls nest; a trace that lost the exits must not make the report grow. */
#define OPEN_CALLS_MAX 256

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

/* The process that a thing counts for; NULL if it belongs to another recording. */
static struct ffitap__process *process_at(struct ffitap__model *model, const struct ffitap__at *at)
{
    struct ffitap__process *process = current_process(model, at->pid);

    return process->belonging == FFITAP__FOREIGN ? NULL : process;
}

static const char *keep(const struct ffitap__process *process, const char *text)
{
    return ffitap__strings_intern(process->strings, text);
}

static const char *keep_if_any(const struct ffitap__process *process, const char *text)
{
    return text ? keep(process, text) : NULL;
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
    process->exe = keep(process, event->exe);
    g_byte_array_append(process->argv, event->argv, event->argv_size);
    if (event->ppid != at->pid)
        process->parent = g_hash_table_lookup(model->current, GINT_TO_POINTER(event->ppid));
    return true;
}

static void take_process(void *data, const struct ffitap__at *at,
                         const struct ffitap__process_event *event)
{
    struct ffitap__model *model = data;
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

static bool take_statistics_begin(void *data, const struct ffitap__at *at,
                                  const struct ffitap__process_event *event)
{
    struct ffitap__model *model = data;
    struct ffitap__process *process = start_process(model, at->pid);

    process->has_statistics = true;
    return announce(model, process, at, event);
}

static void take_statistics_end(void *data, const struct ffitap__statistics_end *end)
{
    struct ffitap__model *model = data;
    struct ffitap__process *process = current_process(model, end->pid);

    process->is_whole = end->is_whole;
    process->is_stopped = end->is_stopped;
    g_hash_table_remove(model->current, GINT_TO_POINTER(end->pid));
    model->last_process = NULL;
}

static void take_runtime(void *data, const struct ffitap__at *at,
                         const struct ffitap__runtime_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (process)
        ffitap__process_define_runtime(process, event->runtime_id, keep(process, event->name),
                                       event->lock_kind);
}

static void take_function(void *data, const struct ffitap__at *at,
                          const struct ffitap__function_event *event)
{
    struct ffitap__process *process = process_at(data, at);
    const char *symbol = event->symbol;
    char offset[32];

    if (!process)
        return;
    if (!symbol[0]) {
        g_snprintf(offset, sizeof(offset), "+0x%" G_GINT64_MODIFIER "x", event->offset);
        symbol = offset;
    }
    ffitap__process_define_function(process, event->function_id, keep(process, event->library),
                                    keep(process, symbol), event->address);
}

/* Bases are page-aligned, so that the lowest bit is free to keep 0 from being NULL. */
static gpointer base_key(uint64_t base)
{
    return GSIZE_TO_POINTER(base | 1);
}

/* The row of an object. If the object was not mapped before, the row also gets its place, its size
 * and why it is there. */
static struct ffitap__report_object *object_row(struct ffitap__process *process,
                                                const struct ffitap__report_object *object)
{
    struct ffitap__report_object *row =
        ffitap__tables_object(process->tables, keep(process, object->path),
                              keep(process, object->build_id), keep(process, object->soname));

    if (row->mapped == 0) {
        row->base = object->base;
        row->size = object->size;
        row->cause = object->cause;
        row->needed_by = keep(process, object->needed_by);
    }
    return row;
}

static void take_object_mapped(void *data, const struct ffitap__at *at,
                               const struct ffitap__object_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__report_object *row = object_row(process, &(struct ffitap__report_object){
                                                                .path = event->path,
                                                                .build_id = event->build_id,
                                                                .soname = event->soname,
                                                                .base = event->base,
                                                                .size = event->size,
                                                                .needed_by = event->needed_by,
                                                                .cause = event->cause,
                                                            });
    if (g_hash_table_lookup(process->mapped, base_key(event->base)) == row)
        return;
    g_hash_table_insert(process->mapped, base_key(event->base), row);
    row->mapped++;
}

static void take_object_sum(void *data, const struct ffitap__at *at,
                            const struct ffitap__report_object *object)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__report_object *row = object_row(process, object);
    row->mapped += object->mapped;
    row->unmapped += object->unmapped;
}

static void take_object_unmapped(void *data, const struct ffitap__at *at,
                                 const struct ffitap__object_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    /* If the object's mapping was not seen, there is no row to count this in. */
    struct ffitap__report_object *object =
        g_hash_table_lookup(process->mapped, base_key(event->base));
    if (!object)
        return;
    object->unmapped++;
    g_hash_table_remove(process->mapped, base_key(event->base));
}

static const char *requested_name(const struct ffitap__process *process,
                                  const struct ffitap__load_event *event)
{
    return event->main_program ? NULL : keep(process, event->name);
}

static void take_load_begin(void *data, const struct ffitap__at *at,
                            const struct ffitap__load_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__open_load *load = g_new(struct ffitap__open_load, 1);
    *load = (struct ffitap__open_load){requested_name(process, event), keep(process, event->caller),
                                       event->mode, at->wall_ns};
    g_hash_table_insert(process->open_loads, GSIZE_TO_POINTER(event->load_id), load);
}

static void take_load_sum(void *data, const struct ffitap__at *at, const struct ffitap__load *load)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__load sum = *load;
    sum.error = keep_if_any(process, load->error);
    ffitap__load_merge(ffitap__tables_load(process->tables, keep_if_any(process, load->name),
                                           keep(process, load->caller), keep(process, load->path)),
                       &sum);
}

static void take_load_end(void *data, const struct ffitap__at *at,
                          const struct ffitap__load_event *event)
{
    struct ffitap__process *process = process_at(data, at);
    const bool failed = event->error[0] || !event->handle;

    if (!process)
        return;
    g_hash_table_remove(process->open_loads, GSIZE_TO_POINTER(event->load_id));
    take_load_sum(data, at,
                  &(struct ffitap__load){
                      .name = event->main_program ? NULL : event->name,
                      .caller = event->caller,
                      .path = event->path,
                      .mode = event->mode,
                      .count = 1,
                      .failed = failed,
                      .total_ns = event->duration_ns,
                      .max_ns = event->duration_ns,
                      .error = failed ? event->error : NULL,
                  });
}

static void take_lookup_sum(void *data, const struct ffitap__at *at,
                            const struct ffitap__lookup *lookup)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__lookup sum = *lookup;
    sum.error = keep_if_any(process, lookup->error);
    ffitap__lookup_merge(ffitap__tables_lookup(process->tables, keep(process, lookup->library),
                                               keep(process, lookup->symbol)),
                         &sum);
}

static void take_lookup(void *data, const struct ffitap__at *at,
                        const struct ffitap__lookup_event *event)
{
    const bool failed = event->error[0] || !event->function_id;

    take_lookup_sum(data, at,
                    &(struct ffitap__lookup){
                        .library = event->library,
                        .symbol = event->symbol,
                        .count = 1,
                        .cached = event->cached != 0,
                        .failed = failed,
                        .total_ns = event->duration_ns,
                        .error = failed ? event->error : NULL,
                    });
}

static void take_call(void *data, const struct ffitap__at *at,
                      const struct ffitap__call_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    ffitap__process_thread(process, at->tid)->calls++;
    ffitap__function_add(ffitap__process_function(process, event->function_id, event->runtime_id),
                         event, ffitap__process_lock_kind(process, event->runtime_id));
}

static void take_call_sum(void *data, const struct ffitap__at *at,
                          const struct ffitap__call_sum *sum)
{
    struct ffitap__process *process = process_at(data, at);
    struct ffitap__report_function calls = *sum->calls; /* its histograms stay the teller's */

    if (!process)
        return;
    ffitap__function_tell_lock(&calls, ffitap__process_lock_kind(process, sum->runtime_id));
    ffitap__process_thread(process, at->tid)->calls += calls.native.count;
    ffitap__function_merge(ffitap__process_function(process, sum->function_id, sum->runtime_id),
                           &calls);
}

static void take_call_entry(void *data, const struct ffitap__at *at,
                            const struct ffitap__call_edge_event *event)
{
    struct ffitap__process *process = process_at(data, at);

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

static void take_call_waits(void *data, const struct ffitap__at *at)
{
    struct ffitap__process *process = process_at(data, at);
    GArray *open = process ? ffitap__process_thread(process, at->tid)->open_calls : NULL;

    if (!open || !open->len)
        return;
    struct ffitap__open_call *call = &g_array_index(open, struct ffitap__open_call, open->len - 1);
    call->waits = true;
    call->left_wall_ns = at->wall_ns;
}

/* Calls nest: when a call is over, the calls that it made are over too, even if their ends were not
 * seen. */
static void take_call_exit(void *data, const struct ffitap__at *at,
                           const struct ffitap__call_edge_event *event)
{
    struct ffitap__process *process = process_at(data, at);
    GArray *open = process ? ffitap__process_thread(process, at->tid)->open_calls : NULL;

    for (unsigned i = open ? open->len : 0; i > 0; i--) {
        if (g_array_index(open, struct ffitap__open_call, i - 1).call_id == event->call_id) {
            g_array_set_size(open, i - 1);
            return;
        }
    }
}

static void take_callback_exit(void *data, const struct ffitap__at *at,
                               const struct ffitap__callback_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__callbacks *callbacks =
        ffitap__process_callbacks(process, event->function_id, event->runtime_id);
    ffitap__histogram_add(&callbacks->duration, event->duration_ns);
}

static void take_callback_sum(void *data, const struct ffitap__at *at,
                              const struct ffitap__callback_sum *sum)
{
    struct ffitap__process *process = process_at(data, at);

    if (!process)
        return;
    struct ffitap__callbacks *callbacks =
        ffitap__process_callbacks(process, sum->function_id, sum->runtime_id);
    ffitap__histogram_merge(&callbacks->duration, sum->duration);
}

static void take_lost(void *data, const struct ffitap__at *at,
                      const struct ffitap__lost_event *event)
{
    struct ffitap__process *process = process_at(data, at);

    if (process)
        process->lost[MIN(event->what, FFITAP__LOSS_KINDS - 1)] += event->count;
}

static void take_thread(void *data, const struct ffitap__at *at)
{
    struct ffitap__process *process = process_at(data, at);

    if (process)
        ffitap__process_thread(process, at->tid);
}

static void take_unseen(void *data, const struct ffitap__unseen *unseen)
{
    struct ffitap__model *model = data;
    struct ffitap__unseen kept = *unseen;

    kept.why = ffitap__strings_intern(model->strings, unseen->why);
    g_array_append_val(model->unseen, kept);
}

static void take_started(void *data, const struct ffitap__started *started)
{
    struct ffitap__model *model = data;
    struct ffitap__started kept = *started;

    if (started->path)
        kept.path = ffitap__strings_intern(model->strings, started->path);
    g_array_append_val(model->started, kept);
}

static void take_event(void *data, const struct ffitap__at *at)
{
    struct ffitap__model *model = data;

    if (model->events++ == 0)
        model->first_ns = at->wall_ns;
    if (at->wall_ns > model->last_ns)
        model->last_ns = at->wall_ns;
}

static void take_moment(void *data, int64_t wall_ns)
{
    struct ffitap__model *model = data;

    if (model->events == 0 && (!model->first_ns || wall_ns < model->first_ns))
        model->first_ns = wall_ns;
    model->last_ns = MAX(model->last_ns, wall_ns);
}

static void take_until(void *data, int64_t wall_ns)
{
    struct ffitap__model *model = data;

    model->last_ns = wall_ns;
}

static void take_clock(void *data, const char *name)
{
    struct ffitap__model *model = data;

    model->clock = ffitap__strings_intern(model->strings, name);
}

static void take_discarded_events(void *data, uint64_t count)
{
    struct ffitap__model *model = data;

    model->discarded_events += count;
}

static void take_discarded_packets(void *data, uint64_t count)
{
    struct ffitap__model *model = data;

    model->discarded_packets += count;
}

static void take_damage(void *data, const char *sentence)
{
    struct ffitap__model *model = data;

    g_ptr_array_add(model->damaged, g_strdup(sentence));
}

static void take_cut(void *data, const char *cause)
{
    struct ffitap__model *model = data;

    model->was_cut = true;
    g_ptr_array_add(model->damaged, g_strdup_printf("reading stopped after %" G_GUINT64_FORMAT
                                                    " events: %s; what follows is left out",
                                                    model->events, cause));
}

static const struct ffitap__report_told told = {
#define X(name, type) .name = take_##name,
    FFITAP__REPORT_EVENTS(X) FFITAP__REPORT_SUMS(X) FFITAP__REPORT_REMARKS(X)
#undef X
        .statistics_begin = take_statistics_begin,
};

struct ffitap__report_sink ffitap__model_sink(struct ffitap__model *model)
{
    return (struct ffitap__report_sink){&told, model};
}
