#include "report/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/losses.h"
#include "report/text.h"

struct table {
    FILE *stream;
    const struct ffitap_recording *recording;
    const struct ffitap__model *model;
    unsigned limit;
};

static void print_duration(FILE *stream, uint64_t ns)
{
    char text[FFITAP__DURATION_SIZE];

    ffitap__text_duration(text, ns);
    fprintf(stream, " %8s", text);
}

static void print_text(FILE *stream, const char *text)
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
static void print_function(FILE *stream, const char *symbol, const char *library)
{
    print_text(stream, symbol);
    if (library && library[0]) {
        fputs(" (", stream);
        print_text(stream, base_name(library));
        fputc(')', stream);
    }
}

static unsigned rows_shown(const struct table *table, unsigned count)
{
    return table->limit ? MIN(count, table->limit) : count;
}

static void print_rest(const struct table *table, unsigned count)
{
    const unsigned shown = rows_shown(table, count);

    if (shown < count)
        fprintf(table->stream, "  ... and %u more; --json or -o FILE shows all\n", count - shown);
}

static uint64_t duration_of(const struct table *table)
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
        calls += ((const struct ffitap__function *)row)->native.count;
    return calls;
}

static void print_command(const struct table *table)
{
    size_t index;
    json_t *argument;

    json_array_foreach(table->recording->command, index, argument)
    {
        fputc(' ', table->stream);
        print_text(table->stream, json_string_value(argument));
    }
}

static void print_ending(const struct table *table)
{
    const struct ffitap_recording *recording = table->recording;

    if (recording->ended && recording->signaled)
        fprintf(table->stream, ", killed by signal %d", recording->code);
    else if (recording->ended && recording->code)
        fprintf(table->stream, ", exit status %d", recording->code);
}

static void print_head(const struct table *table)
{
    const uint64_t calls = count_calls(table->model);
    const unsigned processes = table->model->processes->len;
    char duration[FFITAP__DURATION_SIZE];

    ffitap__text_duration(duration, duration_of(table));
    fputs("Command:", table->stream);
    print_command(table);
    fprintf(table->stream, "\n%s, %u %s, %" PRIu64 " foreign %s", duration, processes,
            processes == 1 ? "process" : "processes", calls, calls == 1 ? "call" : "calls");
    print_ending(table);
    fputc('\n', table->stream);
}

static void print_loss(const struct table *table, const char *what, uint64_t count, const char *why)
{
    if (count)
        fprintf(table->stream, "  %s: %" PRIu64 " (%s)\n", what, count, why);
}

static void print_losses(const struct table *table)
{
    const struct ffitap__model *model = table->model;
    const struct ffitap__losses losses = ffitap__losses_of(table->recording, model);

    if (!losses.lower_bound)
        return;
    fputs("\nLOSSES: the figures below are lower bounds\n", table->stream);
    print_loss(table, "events discarded", losses.discarded_events,
               "the trace's buffers were full; record with larger ones");
    print_loss(table, "packets of events lost", losses.discarded_packets,
               "the trace's buffers were overwritten, or the disk was full");
    for (unsigned i = 0; i < FFITAP__LOSS_KINDS; i++)
        print_loss(table, "records dropped in the program", model->lost[i], ffitap__loss_name(i));
    print_loss(table, "functions without a name", model->undefined_functions,
               "their definition was not recorded");
    if (losses.command_unseen)
        fprintf(table->stream, "  process %" PRId64 " (the command) was not seen: %s\n",
                table->recording->pid, losses.command_unseen);
    for (unsigned i = 0; i < model->damaged->len; i++) {
        fputs("  ", table->stream);
        print_text(table->stream, g_ptr_array_index(model->damaged, i));
        fputc('\n', table->stream);
    }
}

static void print_in_flight(const struct table *table)
{
    const GArray *calls = table->model->in_flight;

    if (!calls->len)
        return;
    fputs("\nIn a foreign call when the trace ended\n", table->stream);
    for (unsigned i = 0; i < rows_shown(table, calls->len); i++) {
        const struct ffitap__in_flight *call = &g_array_index(calls, struct ffitap__in_flight, i);
        fputs(" ", table->stream);
        print_duration(table->stream, call->since_ns);
        fprintf(table->stream, "  pid %d, thread %d: ", call->pid, call->tid);
        print_function(table->stream, call->symbol, call->library);
        fputc('\n', table->stream);
    }
    print_rest(table, calls->len);
}

/* Which columns would say something. */
struct columns {
    bool self;
    bool gil;
};

static struct columns choose_columns(gpointer *rows, unsigned count)
{
    struct columns columns = {false, false};

    for (unsigned i = 0; i < count; i++) {
        const struct ffitap__function *function = rows[i];
        columns.self |= function->self_ns != function->native.total;
        columns.gil |= function->gil_windows > 0;
    }
    return columns;
}

static void print_columns(const struct table *table, const struct columns *columns)
{
    fprintf(table->stream, "%10s %8s %6s", "calls", "total", "% run");
    if (columns->self)
        fprintf(table->stream, " %8s", "self");
    fprintf(table->stream, " %8s %8s %8s %8s", "mean", "p50", "p99", "max");
    if (columns->gil)
        fprintf(table->stream, " %8s %8s", "GIL free", "GIL wait");
    fputs("  function\n", table->stream);
}

static void print_function_row(const struct table *table, const struct columns *columns,
                               const struct ffitap__function *function)
{
    const struct ffitap__histogram *native = &function->native;
    const uint64_t run = duration_of(table);
    FILE *stream = table->stream;

    fprintf(stream, "%10" PRIu64, native->count);
    print_duration(stream, native->total);
    fprintf(stream, " %6.1f", run ? 100.0 * (double)native->total / (double)run : 0.0);
    if (columns->self)
        print_duration(stream, function->self_ns);
    print_duration(stream, ffitap__histogram_mean(native));
    print_duration(stream, ffitap__histogram_percentile(native, 500));
    print_duration(stream, ffitap__histogram_percentile(native, 990));
    print_duration(stream, native->max);
    if (columns->gil) {
        print_duration(stream, function->gil_released_ns);
        print_duration(stream, function->gil_wait.total);
    }
    fputs("  ", stream);
    print_function(stream, function->symbol, function->library);
    fputs("  ", stream);
    print_text(stream, function->runtime);
    fputc('\n', stream);
}

static void print_functions(const struct table *table)
{
    unsigned count;
    gpointer *rows =
        ffitap__tables_sort(table->model->tables.functions, ffitap__functions_by_time, &count);
    const struct columns columns = choose_columns(rows, count);

    if (count) {
        fputs("\nFunctions, by time in native code\n", table->stream);
        print_columns(table, &columns);
        for (unsigned i = 0; i < rows_shown(table, count); i++)
            print_function_row(table, &columns, rows[i]);
        print_rest(table, count);
        if (columns.gil)
            fputs("  GIL free: the interpreter lock was given up for the call; GIL wait: of that, "
                  "waiting to get it back\n",
                  table->stream);
    } else {
        fputs("\nNo foreign calls were recorded.\n", table->stream);
    }
    g_free(rows);
}

/* One section: the rows of `rows` that `concerns` picks, each printed by `print`. */
static void print_section(const struct table *table, GHashTable *rows, ffitap__order *order,
                          const char *title, bool (*concerns)(const void *row),
                          void (*print)(const struct table *table, const void *row))
{
    unsigned count, chosen = 0;
    gpointer *sorted = ffitap__tables_sort(rows, order, &count);

    for (unsigned i = 0; i < count; i++) {
        if (!concerns(sorted[i]))
            continue;
        if (chosen == 0)
            fprintf(table->stream, "\n%s\n", title);
        if (rows_shown(table, chosen + 1) > chosen)
            print(table, sorted[i]);
        chosen++;
    }
    print_rest(table, chosen);
    g_free(sorted);
}

static bool concerns_all(const void *row)
{
    (void)row;
    return true;
}

static bool held_the_lock(const void *row)
{
    return ((const struct ffitap__function *)row)->gil_held_calls > 0;
}

static void print_held(const struct table *table, const void *row)
{
    const struct ffitap__function *function = row;

    fprintf(table->stream, "%10" PRIu64 "x, longest", function->gil_held_calls);
    print_duration(table->stream, function->native.max);
    fputs("  ", table->stream);
    print_function(table->stream, function->symbol, function->library);
    fputc('\n', table->stream);
}

static bool swapped_errno(const void *row)
{
    return ((const struct ffitap__function *)row)->errno_swaps > 0;
}

static int by_number(const void *a, const void *b)
{
    const int left = GPOINTER_TO_INT(*(void *const *)a), right = GPOINTER_TO_INT(*(void *const *)b);

    return (left > right) - (left < right);
}

/* "       100x  open (libc.so.6): ENOENT 2, 0 98" */
static void print_outcomes(const struct table *table, const void *row)
{
    const struct ffitap__function *function = row;
    unsigned count;
    gpointer *values = g_hash_table_get_keys_as_array(function->errno_values, &count);

    qsort(values, count, sizeof(*values), by_number);
    fprintf(table->stream, "%10" PRIu64 "x  ", function->errno_swaps);
    print_function(table->stream, function->symbol, function->library);
    for (unsigned i = 0; i < count; i++) {
        const int value = GPOINTER_TO_INT(values[i]);
        const char *name = strerrorname_np(value);
        const gsize times =
            GPOINTER_TO_SIZE(g_hash_table_lookup(function->errno_values, values[i]));

        fputs(i ? ", " : ": ", table->stream);
        if (name)
            fprintf(table->stream, "%s %zu", value ? name : "none", times);
        else
            fprintf(table->stream, "%d %zu", value, times);
    }
    fputc('\n', table->stream);
    g_free(values);
}

static void print_callbacks(const struct table *table, const void *row)
{
    const struct ffitap__callbacks *callbacks = row;
    FILE *stream = table->stream;

    fprintf(stream, "%10" PRIu64, callbacks->duration.count);
    print_duration(stream, callbacks->duration.total);
    print_duration(stream, ffitap__histogram_mean(&callbacks->duration));
    print_duration(stream, ffitap__histogram_percentile(&callbacks->duration, 990));
    print_duration(stream, callbacks->duration.max);
    fputs("  ", stream);
    if (callbacks->symbol)
        print_function(stream, callbacks->symbol, callbacks->library);
    else
        fputs("out of no known call", stream);
    fputs("  ", stream);
    print_text(stream, callbacks->runtime);
    fputc('\n', stream);
}

static bool failed_load(const void *row)
{
    return ((const struct ffitap__load *)row)->failed > 0;
}

static void print_failed_load(const struct table *table, const void *row)
{
    const struct ffitap__load *load = row;

    fprintf(table->stream, "%10" PRIu64 "x  ", load->failed);
    print_text(table->stream, load->name ? load->name : "[main program]");
    if (load->error && load->error[0]) {
        fputs(": ", table->stream);
        print_text(table->stream, load->error);
    }
    fputc('\n', table->stream);
}

static bool failed_lookup(const void *row)
{
    return ((const struct ffitap__lookup *)row)->failed > 0;
}

static void print_failed_lookup(const struct table *table, const void *row)
{
    const struct ffitap__lookup *lookup = row;

    fprintf(table->stream, "%10" PRIu64 "x  ", lookup->failed);
    print_function(table->stream, lookup->symbol, lookup->library);
    if (lookup->error && lookup->error[0]) {
        fputs(": ", table->stream);
        print_text(table->stream, lookup->error);
    }
    fputc('\n', table->stream);
}

static void print_load(const struct table *table, const void *row)
{
    const struct ffitap__load *load = row;

    fprintf(table->stream, "%10" PRIu64, load->count);
    print_duration(table->stream, load->total_ns);
    print_duration(table->stream, load->max_ns);
    fputs("  ", table->stream);
    print_text(table->stream, load->name ? load->name : "[main program]");
    if (load->unfinished)
        fputs(" (still loading when the trace ended)", table->stream);
    if (load->path && load->path[0] && g_strcmp0(load->path, load->name) != 0) {
        fputs(" -> ", table->stream);
        print_text(table->stream, load->path);
    }
    fputc('\n', table->stream);
}

static void print_objects(const struct table *table)
{
    unsigned by_cause[3] = {0}, count = 0;
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, table->model->tables.objects);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__object *object = row;
        if (object->cause < G_N_ELEMENTS(by_cause))
            by_cause[object->cause]++;
        count++;
    }
    if (count)
        fprintf(table->stream,
                "\nLibraries: %u mapped (%u at start-up, %u asked for, %u as dependencies)\n",
                count, by_cause[FFITAP__OBJECT_AT_START_UP], by_cause[FFITAP__OBJECT_ASKED_FOR],
                by_cause[FFITAP__OBJECT_DEPENDENCY]);
}

void ffitap__table_write(FILE *stream, const struct ffitap_recording *recording,
                         const struct ffitap__model *model, unsigned limit)
{
    const struct table table = {stream, recording, model, limit};
    const struct ffitap__tables *rows = &model->tables;

    print_head(&table);
    print_losses(&table);
    print_in_flight(&table);
    print_functions(&table);
    print_section(&table, rows->functions, ffitap__functions_by_time,
                  "Calls that kept the interpreter lock: no other thread of the interpreter ran",
                  held_the_lock, print_held);
    print_section(&table, rows->functions, ffitap__functions_by_time,
                  "errno left by calls that exchange it", swapped_errno, print_outcomes);
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
