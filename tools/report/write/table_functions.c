#include "report/write/table_part.h"

#include <inttypes.h>

/* Which columns would say something. */
struct columns {
    bool self;
    bool gil;
};

static struct columns choose_columns(const struct ffitap__table *table, gpointer *rows,
                                     unsigned count)
{
    struct columns columns = {table->all_columns, table->all_columns};

    for (unsigned i = 0; i < count; i++) {
        const struct ffitap__report_function *function = rows[i];
        columns.self |= function->self_ns != function->native.total;
        columns.gil |= function->gil_windows > 0;
    }
    return columns;
}

static const struct {
    const char *name;
    const char *meaning;
} waits[] = {
    [FFITAP__WAIT_FOR_LOCK] = {"GIL wait",
                               "to get the interpreter lock back after the call;\n  native"},
    [FFITAP__WAIT_TO_ATTACH] = {"reattach",
                                "to be attached after the call to the\n  interpreter, which had "
                                "no lock; native"},
    [FFITAP__WAIT_FOR_EITHER] = {"get back",
                                 "to get the interpreter lock back after the\n  call, or to be "
                                 "attached again while there was none; native"},
};

enum ffitap__wait ffitap__table_wait(const struct ffitap__table *table)
{
    GHashTableIter iterator;
    gpointer row;
    bool locked = false, unlocked = false;

    g_hash_table_iter_init(&iterator, table->model->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__report_function *function = row;
        unlocked |= function->unlocked_windows > 0;
        locked |= function->gil_windows > function->unlocked_windows;
    }
    if (!unlocked)
        return FFITAP__WAIT_FOR_LOCK;
    return locked ? FFITAP__WAIT_FOR_EITHER : FFITAP__WAIT_TO_ATTACH;
}

const char *ffitap__table_wait_name(enum ffitap__wait wait)
{
    return waits[wait].name;
}

static void print_legend(const struct ffitap__table *table)
{
    const enum ffitap__wait wait = ffitap__table_wait(table);

    fprintf(table->stream,
            "  time: %s and native together; %s: %s: in the function itself, "
            "as are mean to max\n",
            waits[wait].name, waits[wait].name, waits[wait].meaning);
}

static void print_columns(const struct ffitap__table *table, const struct columns *columns)
{
    fprintf(table->stream, "%10s %8s %6s", "calls", "time", "% run");
    if (columns->gil)
        fprintf(table->stream, " %8s %8s", ffitap__table_wait_name(ffitap__table_wait(table)),
                "native");
    if (columns->self)
        fprintf(table->stream, " %8s", "self");
    fprintf(table->stream, " %8s %8s %8s %8s", "mean", "p50", "p99", "max");
    fputs("  function\n", table->stream);
}

void ffitap__table_print_times(FILE *stream, const struct ffitap__histogram *native)
{
    ffitap__table_print_duration(stream, ffitap__histogram_mean(native));
    ffitap__table_print_duration(stream, ffitap__histogram_percentile(native, 500));
    ffitap__table_print_duration(stream, ffitap__histogram_percentile(native, 990));
    ffitap__table_print_duration(stream, native->max);
}

void ffitap__table_end_row(FILE *stream, const struct ffitap__report_function *function)
{
    fputs("  ", stream);
    ffitap__table_print_function(stream, function->symbol, function->library);
    fputs("  ", stream);
    ffitap__table_print_text(stream, function->runtime);
    fputc('\n', stream);
}

static void print_function_row(const struct ffitap__table *table, const struct columns *columns,
                               const struct ffitap__report_function *function)
{
    const struct ffitap__histogram *native = &function->native;
    const uint64_t cost = ffitap__function_cost_ns(function);
    const uint64_t run = ffitap__table_duration_of(table);
    FILE *stream = table->stream;

    fprintf(stream, "%10" PRIu64, native->count);
    ffitap__table_print_duration(stream, cost);
    ffitap__table_print_share(stream, cost, run);
    if (columns->gil) {
        ffitap__table_print_duration(stream, function->gil_wait.total);
        ffitap__table_print_duration(stream, native->total);
    }
    if (columns->self)
        ffitap__table_print_duration(stream, function->self_ns);
    ffitap__table_print_times(stream, native);
    ffitap__table_end_row(stream, function);
}

void ffitap__table_functions(const struct ffitap__table *table)
{
    unsigned count;
    gpointer *rows =
        ffitap__tables_sort(table->model->tables.functions, ffitap__functions_by_cost, &count);
    const struct columns columns = choose_columns(table, rows, count);

    if (count) {
        fputs("\nFunctions, by the time their callers spent\n", table->stream);
        print_columns(table, &columns);
        for (unsigned i = 0; i < ffitap__table_rows_shown(table, count); i++)
            print_function_row(table, &columns, rows[i]);
        ffitap__table_print_rest(table, count);
        if (columns.gil)
            print_legend(table);
    } else {
        fputs(table->model->in_flight->len ? "\nNo foreign call has returned.\n"
                                           : "\nNo foreign calls were recorded.\n",
              table->stream);
    }
    g_free(rows);
}
