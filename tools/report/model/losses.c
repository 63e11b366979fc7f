#include "report/model/losses.h"

#include "report/model/process.h"

static const char *why_unseen(const struct ffitap__model *model)
{
    if (model->was_cut && model->events == 0)
        return "no event of any process could be read";
    if (model->command_why)
        return model->command_why;
    return "no event came from it: it is statically linked, or set-user-id, or its environment "
           "was cleared, or it ended before the dynamic linker loaded the tap, or it could make no "
           "statistics file";
}

/* Why the trace holds no events; NULL if it does. A process that was seen all the same has left
 * statistics. */
static const char *why_empty(const struct ffitap__model *model)
{
    if (!model->has_empty_trace)
        return NULL;
    return model->processes->len
               ? "the trace holds no events, though what ran was seen: LTTng delivered none of them"
               : "the trace holds no events";
}

/* Whether anything is counted from the trace's events. If every process has a whole statistics
 * file, nothing is. */
static bool counts_events(const struct ffitap__model *model)
{
    for (unsigned i = 0; i < model->processes->len; i++) {
        const struct ffitap__process *process = g_ptr_array_index(model->processes, i);

        if (!process->has_statistics && process->belonging != FFITAP__FOREIGN &&
            process->belonging != FFITAP__SUPERSEDED)
            return true;
    }
    return model->processes->len == 0;
}

/*
 * A packet that a dying process has closed says that nothing was discarded so far. babeltrace 2.1
 * counts on from there, and so counts some discarded events twice. LTTng's own sum is better, if
 * the recorder was there at the end to ask for it.
 */
static uint64_t count_discarded(const struct ffitap_recording *recording,
                                const struct ffitap__model *model)
{
    return recording->ended && recording->discarded_events ? recording->discarded_events
                                                           : model->discarded_events;
}

struct ffitap__losses ffitap__losses_of(const struct ffitap_recording *recording,
                                        const struct ffitap__model *model)
{
    struct ffitap__losses losses = {
        .discarded_events = count_discarded(recording, model),
        .discarded_packets = MAX(model->discarded_packets, recording->lost_packets),
        .trace_empty = why_empty(model),
    };

    if (recording->pid > 0 && !recording->is_bare &&
        !ffitap__model_has_process(model, recording->pid))
        losses.command_unseen = why_unseen(model);
    for (unsigned i = 0; i < model->unseen->len; i++)
        if (g_array_index(model->unseen, struct ffitap__unseen, i).called)
            losses.callers_unseen++;
        else
            losses.programs_unseen++;
    for (unsigned i = 0; i < FFITAP__LOSS_KINDS; i++)
        losses.dropped_records += model->lost[i];
    losses.lower_bound =
        ((losses.discarded_events || losses.discarded_packets || losses.trace_empty) &&
         counts_events(model)) ||
        losses.dropped_records || losses.command_unseen || losses.callers_unseen ||
        model->undefined_functions || model->damaged->len;
    return losses;
}

const char *ffitap__loss_name(unsigned kind)
{
    static const char *const names[FFITAP__LOSS_KINDS] = {
        [FFITAP__LOST_CALL] = "call",       [FFITAP__LOST_FUNCTION] = "function",
        [FFITAP__LOST_OBJECT] = "object",   [FFITAP__LOST_RUNTIME] = "runtime",
        [FFITAP__LOSS_KINDS - 1] = "other",
    };

    return names[kind];
}
