/* What the summary says in a line each. */
#include "report/write/table_part.h"

#include <inttypes.h>

#include "report/base/text.h"
#include "report/model/losses.h"

#define NAMES_SHOWN 3

/* "; failed: 2x libno.so, 1x libnot.so, ..." */
static void print_failed(const struct ffitap__table *table, GHashTable *rows,
                         uint64_t (*failures)(const void *row),
                         void (*print)(FILE *stream, const void *row))
{
    unsigned count, failed = 0;
    gpointer *sorted = ffitap__tables_sort(rows, ffitap__by_identity, &count);

    for (unsigned i = 0; i < count; i++) {
        const uint64_t times = failures(sorted[i]);
        if (!times || failed++ >= NAMES_SHOWN)
            continue;
        fprintf(table->stream, "%s%" PRIu64 "x ", failed == 1 ? "; failed: " : ", ", times);
        print(table->stream, sorted[i]);
    }
    if (failed > NAMES_SHOWN)
        fprintf(table->stream, ", and %u more", failed - NAMES_SHOWN);
    fputc('\n', table->stream);
    g_free(sorted);
}

static void print_count(const struct ffitap__table *table, const char *what, uint64_t count,
                        uint64_t total_ns)
{
    char total[FFITAP__DURATION_SIZE];

    fprintf(table->stream, "%s: %" PRIu64, what, count);
    if (count) {
        ffitap__text_duration(total, total_ns);
        fprintf(table->stream, " in %s", total);
    }
}

static uint64_t load_failures(const void *row)
{
    return ((const struct ffitap__load *)row)->failed;
}

static void print_load_name(FILE *stream, const void *row)
{
    const struct ffitap__load *load = row;

    ffitap__table_print_text(stream, load->name ? load->name : "[main program]");
}

static void print_loads(const struct ffitap__table *table)
{
    GHashTableIter iterator;
    gpointer row;
    uint64_t count = 0, total_ns = 0;

    g_hash_table_iter_init(&iterator, table->model->tables.loads);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        count += ((const struct ffitap__load *)row)->count;
        total_ns += ((const struct ffitap__load *)row)->total_ns;
    }
    print_count(table, "Loads", count, total_ns);
    print_failed(table, table->model->tables.loads, load_failures, print_load_name);
}

static uint64_t lookup_failures(const void *row)
{
    return ffitap__lookup_failures(row);
}

static void print_lookup_name(FILE *stream, const void *row)
{
    const struct ffitap__lookup *lookup = row;

    ffitap__table_print_function(stream, lookup->symbol, lookup->library);
}

static void print_lookups(const struct ffitap__table *table)
{
    GHashTableIter iterator;
    gpointer row;
    uint64_t count = 0, total_ns = 0;

    g_hash_table_iter_init(&iterator, table->model->tables.lookups);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        count += ((const struct ffitap__lookup *)row)->count;
        total_ns += ((const struct ffitap__lookup *)row)->total_ns;
    }
    print_count(table, "Lookups", count, total_ns);
    print_failed(table, table->model->tables.lookups, lookup_failures, print_lookup_name);
}

/* What all functions' calls left in errno together. */
static void print_errno(const struct ffitap__table *table)
{
    struct ffitap__report_function *all = g_new0(struct ffitap__report_function, 1);
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, table->model->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL))
        ffitap__function_merge(all, row);
    if (all->errno_swaps)
        fprintf(table->stream, "errno: exchanged by %" PRIu64 " call%s, which left ",
                all->errno_swaps, all->errno_swaps == 1 ? "" : "s");
    else
        fputs("errno: exchanged by no call", table->stream);
    for (unsigned i = 0; all->outcomes && i < all->outcomes->len; i++) {
        fputs(i ? ", " : "", table->stream);
        ffitap__table_print_outcome(table->stream,
                                    &g_array_index(all->outcomes, struct ffitap__outcome, i));
    }
    fputc('\n', table->stream);
    ffitap__function_destroy(all);
}

static void print_losses(const struct ffitap__table *table)
{
    const struct ffitap__losses losses = ffitap__losses_of(table->recording, table->model);

    if (losses.lower_bound)
        fputs("Losses: yes, all figures are lower bounds; see the top\n", table->stream);
    else if (losses.programs_unseen)
        fprintf(table->stream, "Losses: none, but %u program%s not seen; see the top\n",
                losses.programs_unseen, losses.programs_unseen == 1 ? " was" : "s were");
    else
        fputs("Losses: none\n", table->stream);
}

void ffitap__table_summary(const struct ffitap__table *table)
{
    fputc('\n', table->stream);
    print_loads(table);
    print_lookups(table);
    print_errno(table);
    print_losses(table);
}
