#include "report/model/sources.h"

/*
 * Whether statistics files tell better than a trace of the process `pid` that started at `start_ns`
 * (0: at any time). More than one file may be of the same moment, if the number was given to
 * another child of the same program.
 */
static bool decide(const GPtrArray *processes, int32_t pid, uint64_t start_ns)
{
    bool found = false, whole = true;

    for (unsigned i = 0; i < processes->len; i++) {
        struct ffitap__process *process = g_ptr_array_index(processes, i);
        if (!process->has_statistics || process->belonging == FFITAP__FOREIGN ||
            process->pid != pid || (start_ns && process->start_ns != start_ns))
            continue;
        found = true;
        whole = whole && process->is_whole;
    }
    for (unsigned i = 0; found && !whole && i < processes->len; i++) {
        struct ffitap__process *process = g_ptr_array_index(processes, i);
        if (process->has_statistics && process->belonging != FFITAP__FOREIGN &&
            process->pid == pid && (!start_ns || process->start_ns == start_ns))
            ffitap__process_disown(process);
    }
    return found && whole;
}

bool ffitap__sources_tell_better(const GPtrArray *processes, const struct ffitap__process *process)
{
    return decide(processes, process->pid, process->start_ns);
}

static gint by_start(gconstpointer a, gconstpointer b)
{
    const struct ffitap__process *left = *(void *const *)a, *right = *(void *const *)b;

    return (left->start_ns > right->start_ns) - (left->start_ns < right->start_ns);
}

/* Relates processes to each other in the order of their starts: a later process with the same
 * number has replaced the earlier one. */
static void relate(const GPtrArray *processes)
{
    GHashTable *latest = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < processes->len; i++) {
        struct ffitap__process *process = g_ptr_array_index(processes, i);
        struct ffitap__process *before = g_hash_table_lookup(latest, GINT_TO_POINTER(process->pid));

        if (process->belonging == FFITAP__FOREIGN || process->belonging == FFITAP__SUPERSEDED)
            continue;
        if (before)
            before->replaced = true;
        if (process->has_statistics && process->ppid != process->pid)
            process->parent = g_hash_table_lookup(latest, GINT_TO_POINTER(process->ppid));
        g_hash_table_insert(latest, GINT_TO_POINTER(process->pid), process);
    }
    g_hash_table_destroy(latest);
}

void ffitap__sources_choose(GPtrArray *processes)
{
    bool any = false;

    for (unsigned i = 0; i < processes->len; i++) {
        struct ffitap__process *process = g_ptr_array_index(processes, i);
        any = any || process->has_statistics;
        if (!process->has_statistics && process->belonging == FFITAP__UNANNOUNCED &&
            decide(processes, process->pid, 0))
            process->belonging = FFITAP__SUPERSEDED;
    }
    if (!any)
        return;
    g_ptr_array_sort(processes, by_start);
    relate(processes);
}
