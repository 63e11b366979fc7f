#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/losses.h"
#include "report/table_part.h"
#include "report/text.h"

void ffitap__table_print_duration(FILE *stream, uint64_t ns)
{
    char text[FFITAP__DURATION_SIZE];

    ffitap__text_duration(text, ns);
    fprintf(stream, " %8s", text);
}

void ffitap__table_print_share(FILE *stream, uint64_t part_ns, uint64_t whole_ns)
{
    fprintf(stream, " %6.1f", whole_ns ? 100.0 * (double)part_ns / (double)whole_ns : 0.0);
}

void ffitap__table_print_text(FILE *stream, const char *text)
{
    char *line = ffitap__text_line(text ? text : "");

    fputs(line, stream);
    g_free(line);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

/* "cos (libm.so.6)" */
void ffitap__table_print_function(FILE *stream, const char *symbol, const char *library)
{
    ffitap__table_print_text(stream, symbol);
    if (library && library[0]) {
        fputs(" (", stream);
        ffitap__table_print_text(stream, base_name(library));
        fputc(')', stream);
    }
}

unsigned ffitap__table_rows_shown(const struct ffitap__table *table, unsigned count)
{
    return table->limit ? MIN(count, table->limit) : count;
}

void ffitap__table_print_rest(const struct ffitap__table *table, unsigned count)
{
    const unsigned shown = ffitap__table_rows_shown(table, count);

    if (shown < count)
        fprintf(table->stream, "  ... and %u more; %s shows all\n", count - shown, table->rest);
}

uint64_t ffitap__table_duration_of(const struct ffitap__table *table)
{
    return table->recording->duration_ns
               ? table->recording->duration_ns
               : (uint64_t)(table->model->last_ns - table->model->first_ns);
}

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

/* Nobody may take what was filtered for all there was. */
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

/* Those that made calls, or the others. */
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

/* One section: the rows of `rows` that `concerns` picks, each printed by `print`. */
static void print_section(const struct ffitap__table *table, GHashTable *rows, ffitap__order *order,
                          const char *title, bool (*concerns)(const void *row),
                          void (*print)(const struct ffitap__table *table, const void *row))
{
    unsigned count, chosen = 0;
    gpointer *sorted = ffitap__tables_sort(rows, order, &count);

    for (unsigned i = 0; i < count; i++) {
        if (!concerns(sorted[i]))
            continue;
        if (chosen == 0)
            fprintf(table->stream, "\n%s\n", title);
        if (ffitap__table_rows_shown(table, chosen + 1) > chosen)
            print(table, sorted[i]);
        chosen++;
    }
    ffitap__table_print_rest(table, chosen);
    g_free(sorted);
}

static bool concerns_all(const void *row)
{
    (void)row;
    return true;
}

static bool held_the_lock(const void *row)
{
    return ((const struct ffitap__report_function *)row)->gil_held_calls > 0;
}

static void print_kept(const struct ffitap__table *table,
                       const struct ffitap__report_function *function, uint64_t calls)
{
    fprintf(table->stream, "%10" PRIu64 "x, longest", calls);
    ffitap__table_print_duration(table->stream, function->native.max);
    fputs("  ", table->stream);
    ffitap__table_print_function(table->stream, function->symbol, function->library);
    fputc('\n', table->stream);
}

static void print_held(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__report_function *function = row;

    print_kept(table, function, function->gil_held_calls);
}

static bool stayed_attached(const void *row)
{
    return ((const struct ffitap__report_function *)row)->attached_calls > 0;
}

static void print_attached(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__report_function *function = row;

    print_kept(table, function, function->attached_calls);
}

static bool swapped_errno(const void *row)
{
    return ((const struct ffitap__report_function *)row)->errno_swaps > 0;
}

void ffitap__table_print_outcome(FILE *stream, const struct ffitap__outcome *outcome)
{
    const char *name = strerrorname_np(outcome->value);

    if (name)
        fputs(outcome->value ? name : "none", stream);
    else
        fprintf(stream, "%d", outcome->value);
    fprintf(stream, " %" PRIu64, outcome->count);
    if (outcome->value && outcome->unchanged)
        fprintf(stream, " (%" PRIu64 " found there)", outcome->unchanged);
}

/* "       100x  open (libc.so.6): none 2, ENOENT 98 (3 found there)" */
static void print_outcomes(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__report_function *function = row;

    fprintf(table->stream, "%10" PRIu64 "x  ", function->errno_swaps);
    ffitap__table_print_function(table->stream, function->symbol, function->library);
    for (unsigned i = 0; i < function->outcomes->len; i++) {
        fputs(i ? ", " : ": ", table->stream);
        ffitap__table_print_outcome(table->stream,
                                    &g_array_index(function->outcomes, struct ffitap__outcome, i));
    }
    fputc('\n', table->stream);
}

static void print_callbacks(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__callbacks *callbacks = row;
    FILE *stream = table->stream;

    fprintf(stream, "%10" PRIu64, callbacks->duration.count);
    ffitap__table_print_duration(stream, callbacks->duration.total);
    ffitap__table_print_duration(stream, ffitap__histogram_mean(&callbacks->duration));
    ffitap__table_print_duration(stream, ffitap__histogram_percentile(&callbacks->duration, 990));
    ffitap__table_print_duration(stream, callbacks->duration.max);
    fputs("  ", stream);
    if (callbacks->symbol)
        ffitap__table_print_function(stream, callbacks->symbol, callbacks->library);
    else
        fputs("out of no known call", stream);
    fputs("  ", stream);
    ffitap__table_print_text(stream, callbacks->runtime);
    fputc('\n', stream);
}

static bool failed_load(const void *row)
{
    return ((const struct ffitap__load *)row)->failed > 0;
}

static void print_failed_load(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__load *load = row;

    fprintf(table->stream, "%10" PRIu64 "x  ", load->failed);
    ffitap__table_print_text(table->stream, load->name ? load->name : "[main program]");
    if (load->error && load->error[0]) {
        fputs(": ", table->stream);
        ffitap__table_print_text(table->stream, load->error);
    }
    fputc('\n', table->stream);
}

static bool failed_lookup(const void *row)
{
    return ffitap__lookup_failures(row) > 0;
}

static void print_failed_lookup(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__lookup *lookup = row;

    fprintf(table->stream, "%10" PRIu64 "x  ", ffitap__lookup_failures(lookup));
    ffitap__table_print_function(table->stream, lookup->symbol, lookup->library);
    if (lookup->error && lookup->error[0]) {
        fputs(": ", table->stream);
        ffitap__table_print_text(table->stream, lookup->error);
    }
    fputc('\n', table->stream);
}

static void print_load(const struct ffitap__table *table, const void *row)
{
    const struct ffitap__load *load = row;

    fprintf(table->stream, "%10" PRIu64, load->count);
    ffitap__table_print_duration(table->stream, load->total_ns);
    ffitap__table_print_duration(table->stream, load->max_ns);
    fputs("  ", table->stream);
    ffitap__table_print_text(table->stream, load->name ? load->name : "[main program]");
    if (load->unfinished)
        fputs(" (still loading when the recording ended)", table->stream);
    if (load->path && load->path[0] && g_strcmp0(load->path, load->name) != 0) {
        fputs(" -> ", table->stream);
        ffitap__table_print_text(table->stream, load->path);
    }
    fputc('\n', table->stream);
}

static void print_objects(const struct ffitap__table *table)
{
    unsigned by_cause[FFITAP__OBJECT_TRACER + 1] = {0}, count = 0;
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, table->model->tables.objects);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__report_object *object = row;
        if (object->cause < G_N_ELEMENTS(by_cause))
            by_cause[object->cause]++;
        count += object->cause != FFITAP__OBJECT_TRACER;
    }
    if (!count)
        return;
    fprintf(table->stream,
            "\nLibraries: %u mapped (%u at start-up, %u asked for, %u as dependencies)", count,
            by_cause[FFITAP__OBJECT_AT_START_UP], by_cause[FFITAP__OBJECT_ASKED_FOR],
            by_cause[FFITAP__OBJECT_DEPENDENCY]);
    if (by_cause[FFITAP__OBJECT_TRACER])
        fprintf(table->stream, ", and %u that came for the tracing",
                by_cause[FFITAP__OBJECT_TRACER]);
    fputc('\n', table->stream);
}

void ffitap__table_write(FILE *stream, const struct ffitap_recording *recording,
                         const struct ffitap__model *model, unsigned limit)
{
    const struct ffitap__table table = {
        .stream = stream,
        .recording = recording,
        .model = model,
        .limit = limit,
        .rest = "--json or -o FILE",
    };
    const struct ffitap__tables *rows = &model->tables;

    ffitap__table_head(&table);
    ffitap__table_losses(&table);
    ffitap__table_in_flight(&table);
    ffitap__table_functions(&table);
    print_section(&table, rows->functions, ffitap__functions_by_cost,
                  "Calls that kept the interpreter lock: no other thread of the interpreter ran",
                  held_the_lock, print_held);
    print_section(&table, rows->functions, ffitap__functions_by_cost,
                  "Calls that kept their thread attached, with no lock: others ran, but could not "
                  "all be stopped",
                  stayed_attached, print_attached);
    print_section(&table, rows->functions, ffitap__functions_by_cost,
                  "errno left by calls that exchange it (found there: it was so before the call)",
                  swapped_errno, print_outcomes);
    print_section(&table, rows->callbacks, ffitap__callbacks_by_time,
                  "Callbacks: calls, total, mean, p99, max, out of which function", concerns_all,
                  print_callbacks);
    print_section(&table, rows->loads, ffitap__by_identity, "Failed loads", failed_load,
                  print_failed_load);
    print_section(&table, rows->lookups, ffitap__by_identity, "Failed lookups", failed_lookup,
                  print_failed_lookup);
    print_section(&table, rows->loads, ffitap__loads_by_time, "Loads: times, total, longest",
                  concerns_all, print_load);
    print_objects(&table);
}
