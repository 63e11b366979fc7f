#include "report/model/model.h"

#include <string.h>

#include "report/model/module_entry.h"
#include "report/model/sources.h"

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

/* Lists the loads that never ended, as they were at the moment `last_ns`. */
static void list_open_loads(struct ffitap__process *process, int64_t last_ns)
{
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, process->open_loads);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const struct ffitap__open_load *load = value;
        const uint64_t since_ns = (uint64_t)MAX(last_ns - load->wall_ns, 0);
        ffitap__load_merge(ffitap__tables_load(process->tables, load->name, load->caller,
                                               ffitap__strings_intern(process->strings, "")),
                           &(struct ffitap__load){.mode = load->mode,
                                                  .count = 1,
                                                  .unfinished = 1,
                                                  .total_ns = since_ns,
                                                  .max_ns = since_ns});
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

/*
 * An image that was replaced by an exec has left its calls and loads on purpose: they are not
 * listed as unfinished. Nor are calls that were under way when the program stopped its statistics,
 * because nobody knows whether they still are.
 */
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

/* Finishes a process that a statistics file tells of. Of what the trace has of it, only loads that
 * never ended are in no statistics file, and so only these are kept. */
static void finish_superseded(struct ffitap__model *model, struct ffitap__process *process)
{
    ffitap__process_forget_tables(process, &model->tables);
    if (!process->replaced)
        list_open_loads(process, model->last_ns);
}

/* Whether the trace tells of this process, which could have no statistics file. */
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
