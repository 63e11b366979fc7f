#include "report/write/table.h"

#include <inttypes.h>

#include "report/write/table_part.h"

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

bool ffitap__table_write(const struct ffitap__writing *to, const struct ffitap__model *model)
{
    const struct ffitap__table table = {
        .stream = to->stream,
        .recording = to->recording,
        .model = model,
        .limit = to->row_limit,
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
    return true;
}
