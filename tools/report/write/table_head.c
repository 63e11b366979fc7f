/* What stands above a table: what was run, what is missing, and what did not return. */
#include <inttypes.h>
#include <string.h>

#include "report/base/text.h"
#include "report/model/losses.h"
#include "report/write/table_part.h"

static uint64_t count_calls(const struct ffitap__model *model)
{
    GHashTableIter iterator;
    gpointer row;
    uint64_t calls = 0;

    g_hash_table_iter_init(&iterator, model->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL))
        calls += ((const struct ffitap__report_function *)row)->native.count;
    return calls;
}

/* Prints the filter, so that nobody takes the calls that were recorded for all calls that were
 * made. */
static void print_filter(const struct ffitap__table *table)
{
    size_t index;
    json_t *pattern;

    json_array_foreach(table->recording->filter, index, pattern)
    {
        fputs(index ? ", " : "Filter: ", table->stream);
        ffitap__table_print_text(table->stream, json_string_value(pattern));
    }
    if (json_array_size(table->recording->filter))
        fputs(" (calls that it leaves out are in no figure)\n", table->stream);
}

static void print_command(const struct ffitap__table *table)
{
    size_t index;
    json_t *argument;

    json_array_foreach(table->recording->command, index, argument)
    {
        fputc(' ', table->stream);
        ffitap__table_print_text(table->stream, json_string_value(argument));
    }
}

static void print_signal(FILE *stream, const char *before, int number)
{
    const char *name = sigabbrev_np(number);

    if (name)
        fprintf(stream, "%sSIG%s", before, name);
    else
        fprintf(stream, "%ssignal %d", before, number);
}

static void print_ending(const struct ffitap__table *table)
{
    const struct ffitap_recording *recording = table->recording;

    if (recording->ended && recording->signaled)
        print_signal(table->stream, ", killed by ", recording->code);
    else if (recording->ended && recording->code)
        fprintf(table->stream, ", exit status %d", recording->code);
}

void ffitap__table_head(const struct ffitap__table *table)
{
    const uint64_t calls = count_calls(table->model);
    const unsigned processes = table->model->processes->len;
    char duration[FFITAP__DURATION_SIZE];

    if (ffitap__table_duration_of(table))
        ffitap__text_duration(duration, ffitap__table_duration_of(table));
    else
        strcpy(duration, "unknown time");
    if (table->recording->is_bare) {
        fputs("Statistics files without a recording: how their programs ended is not known",
              table->stream);
    } else {
        fputs("Command:", table->stream);
        print_command(table);
    }
    fprintf(table->stream, "\n%s, %u %s, %" PRIu64 " foreign %s", duration, processes,
            processes == 1 ? "process" : "processes", calls, calls == 1 ? "call" : "calls");
    print_ending(table);
    fputc('\n', table->stream);
    print_filter(table);
}

static void print_loss(const struct ffitap__table *table, const char *what, uint64_t count,
                       const char *why)
{
    if (count)
        fprintf(table->stream, "  %s: %" PRIu64 " (%s)\n", what, count, why);
}

static void print_line(const struct ffitap__table *table, const char *text)
{
    ffitap__table_print_text(table->stream, text);
    fputc('\n', table->stream);
}

/* Prints the processes that were not seen: those that made calls, or the others. */
static void print_unseen(const struct ffitap__table *table, bool called)
{
    const GArray *all = table->model->unseen;
    unsigned chosen = 0;

    for (unsigned i = 0; i < all->len; i++) {
        const struct ffitap__unseen *one = &g_array_index(all, struct ffitap__unseen, i);
        if (one->called != called)
            continue;
        chosen++;
        if (ffitap__table_rows_shown(table, chosen) < chosen)
            continue;
        if (one->pid)
            fprintf(table->stream, "  process %d was not seen: ", one->pid);
        else
            fputs("  a process was not seen: ", table->stream);
        print_line(table, one->why);
    }
    ffitap__table_print_rest(table, chosen);
}

static void print_losses(const struct ffitap__table *table, struct ffitap__losses losses)
{
    const struct ffitap__model *model = table->model;

    fputs("\nLOSSES: the figures below are lower bounds\n", table->stream);
    print_loss(table, "events discarded", losses.discarded_events,
               "the trace's buffers were full; record with a larger --buffer-size");
    print_loss(table, "packets of events lost", losses.discarded_packets,
               "the trace's buffers were overwritten, or the disk was full");
    for (unsigned i = 0; i < FFITAP__LOSS_KINDS; i++)
        print_loss(table, "records dropped in the program", model->lost[i], ffitap__loss_name(i));
    print_loss(table, "functions without a name", model->undefined_functions,
               "their definition was not recorded");
    if (losses.command_unseen) {
        fprintf(table->stream,
                "  process %" PRId64 " (the command) was not seen: ", table->recording->pid);
        print_line(table, losses.command_unseen);
    }
    print_unseen(table, true);
    for (unsigned i = 0; i < model->damaged->len; i++) {
        fputs("  ", table->stream);
        print_line(table, g_ptr_array_index(model->damaged, i));
    }
    if (losses.trace_empty)
        fprintf(table->stream, "  %s\n", losses.trace_empty);
}

void ffitap__table_losses(const struct ffitap__table *table)
{
    const struct ffitap__losses losses = ffitap__losses_of(table->recording, table->model);

    if (losses.lower_bound)
        print_losses(table, losses);
    else if (losses.trace_empty)
        fprintf(table->stream,
                "\nNote: %s;\nthe figures lack nothing, they are the program's own\n",
                losses.trace_empty);
    else if (losses.discarded_events || losses.discarded_packets)
        fputs("\nThe trace lacks events; the figures do not, they are the program's own\n",
              table->stream);
    if (losses.programs_unseen) {
        fputs("\nPrograms that were not seen: the figures are without them\n", table->stream);
        print_unseen(table, false);
    }
}

static void print_wait(FILE *stream, uint64_t wait_ns)
{
    char text[FFITAP__DURATION_SIZE];

    ffitap__text_duration(text, wait_ns);
    fprintf(stream, ", waiting for the interpreter for %s", text);
}

void ffitap__table_in_flight(const struct ffitap__table *table)
{
    const struct ffitap_recording *recording = table->recording;
    const GArray *calls = table->model->in_flight;

    if (!calls->len)
        return;
    fprintf(table->stream, "\nIn a foreign call %s\n",
            recording->ended ? "when the recording ended" : "when this was read");
    for (unsigned i = 0; i < ffitap__table_rows_shown(table, calls->len); i++) {
        const struct ffitap__in_flight *call = &g_array_index(calls, struct ffitap__in_flight, i);
        fputs(" ", table->stream);
        ffitap__table_print_duration(table->stream, call->since_ns);
        fprintf(table->stream, "  pid %d, thread %d: ", call->pid, call->tid);
        ffitap__table_print_function(table->stream, call->symbol, call->library);
        if (call->waits)
            print_wait(table->stream, call->wait_ns);
        if (recording->signaled && call->pid == recording->pid)
            print_signal(table->stream, ", ended by ", recording->code);
        fputc('\n', table->stream);
    }
    ffitap__table_print_rest(table, calls->len);
}
