#include <inttypes.h>

#include "report/model/losses.h"
#include "report/write/live.h"
#include "report/write/live_part.h"
#include "report/write/table_part.h"

/* One row in this many is for calls in flight. */
#define IN_FLIGHT_SHARE 5

static const struct {
    ffitap__order *order;
    const char *title; /* NULL: as the column is called */
} orders[] = {
    [FFITAP_LIVE_BY_CALLS] = {ffitap__functions_by_calls, "calls"},
    [FFITAP_LIVE_BY_TIME] = {ffitap__functions_by_cost, "the time their callers spent"},
    [FFITAP_LIVE_BY_WAIT] = {ffitap__functions_by_wait, NULL},
};

static void print_in_flight(const struct ffitap__table *table)
{
    struct ffitap__table few = *table;

    if (few.limit)
        few.limit = few.limit / IN_FLIGHT_SHARE + 1;
    ffitap__table_in_flight(&few);
}

static void print_columns(const struct ffitap__table *table)
{
    FILE *stream = table->stream;

    fprintf(stream, "%10s %8s %8s %6s %6s %8s", "calls", "calls/s", "time", "% run", "% now",
            ffitap__table_wait_name(ffitap__table_wait(table)));
    if (table->all_columns)
        fprintf(stream, " %6s %8s %8s %8s %8s", "% wait", "mean", "p50", "p99", "max");
    fputs("  function\n", stream);
}

static void print_row(const struct ffitap__table *table, const struct ffitap_live *live,
                      const struct ffitap__report_function *function)
{
    const struct ffitap__amounts added = ffitap__live_added(live, function);
    const struct ffitap__histogram *native = &function->native;
    const uint64_t cost_ns = ffitap__function_cost_ns(function);
    const uint64_t elapsed_ns = ffitap__live_elapsed_ns(live);
    FILE *stream = table->stream;

    fprintf(stream, "%10" PRIu64 " %8.0f", native->count,
            elapsed_ns ? (double)added.calls * 1e9 / (double)elapsed_ns : 0.0);
    ffitap__table_print_duration(stream, cost_ns);
    ffitap__table_print_share(stream, cost_ns, ffitap__table_duration_of(table));
    ffitap__table_print_share(stream, added.cost_ns, elapsed_ns);
    ffitap__table_print_duration(stream, function->gil_wait.total);
    if (table->all_columns) {
        ffitap__table_print_share(stream, added.wait_ns, elapsed_ns);
        ffitap__table_print_times(stream, native);
    }
    ffitap__table_end_row(stream, function);
}

static void print_functions(const struct ffitap__table *table, const struct ffitap_live *live,
                            enum ffitap_live_order order)
{
    unsigned count;
    gpointer *rows =
        ffitap__tables_sort(table->model->tables.functions, orders[order].order, &count);

    if (count) {
        const char *title = orders[order].title;
        fprintf(table->stream, "\nFunctions, by %s\n",
                title ? title : ffitap__table_wait_name(ffitap__table_wait(table)));
        print_columns(table);
    } else {
        fputs("\nNo foreign call has returned.\n", table->stream);
    }
    for (unsigned i = 0; i < ffitap__table_rows_shown(table, count); i++)
        print_row(table, live, rows[i]);
    g_free(rows);
}

void ffitap_live_write(FILE *stream, const struct ffitap_live *live,
                       const struct ffitap_live_options *options)
{
    const struct ffitap__table table = {
        .stream = stream,
        .recording = options->recording,
        .model = ffitap__live_model(live),
        .limit = options->row_limit,
        .rest = "--once",
        .all_columns = options->all_columns,
    };

    if (!table.model)
        return;
    ffitap__table_head(&table);
    ffitap__table_losses(&table);
    print_in_flight(&table);
    print_functions(&table, live, options->order);
}
