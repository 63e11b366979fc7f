/* What the bench makes of its measurements. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bench/results.h"
#include "bench/table.h"

#define EPSILON 1e-9

Test(sample, it_says_the_median_and_quartiles_of_any_order)
{
    double values[] = {5, 1, 4, 2, 3};
    const struct ffitap_bench_spread spread = ffitap_bench_spread_get(values, 5);

    cr_expect(epsilon_eq(dbl, spread.lowest, 1, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.quartile_1, 2, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.median, 3, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.quartile_3, 4, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.highest, 5, EPSILON));
}

Test(sample, it_goes_between_the_values_of_an_even_number)
{
    double values[] = {10, 40, 30, 20};
    const struct ffitap_bench_spread spread = ffitap_bench_spread_get(values, 4);

    cr_expect(epsilon_eq(dbl, spread.quartile_1, 17.5, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.median, 25, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.quartile_3, 32.5, EPSILON));
}

Test(sample, it_takes_one_value_for_all_of_them)
{
    double values[] = {7};
    const struct ffitap_bench_spread spread = ffitap_bench_spread_get(values, 1);

    cr_expect(epsilon_eq(dbl, spread.lowest, 7, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.quartile_1, 7, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.median, 7, EPSILON));
    cr_expect(epsilon_eq(dbl, spread.highest, 7, EPSILON));
}

static struct ffitap_bench_results results;

/* The first round on a machine twice as fast as in the others. */
static void measure(void)
{
    cr_assert(ffitap_bench_results_init(&results, 3));
    for (int id = 0; id < FFITAP_BENCH_ROWS; id++) {
        for (unsigned round = 0; round < results.rounds; round++)
            results.figures[id].ns[round] = (round ? 20 : 10) * (double)(id + 1);
    }
}

static void forget(void)
{
    ffitap_bench_results_fini(&results);
}

TestSuite(results, .init = measure, .fini = forget);

Test(results, it_compares_rows_within_a_round)
{
    const enum ffitap_bench_row_id id = FFITAP_BENCH_ROW_LIBFFI_STAT;
    const double own = id + 1, others = FFITAP_BENCH_ROW_LIBFFI + 1;

    cr_assert(ffitap_bench_results_summarize(&results));
    const struct ffitap_bench_figure *figure = &results.figures[id];
    cr_expect(epsilon_eq(dbl, figure->spread.median, 20 * own, EPSILON));
    cr_expect(epsilon_eq(dbl, figure->added_ns.median, 20 * (own - others), EPSILON));
    cr_expect(epsilon_eq(dbl, figure->added_ns.lowest, 10 * (own - others), EPSILON));
    cr_expect(epsilon_eq(dbl, figure->ratio.lowest, own / others, EPSILON));
    cr_expect(epsilon_eq(dbl, figure->ratio.highest, own / others, EPSILON));
}

/* The table of all rows if every other row takes `ns` per call and the rest take 1 ns, all of them
 * twice as long in the first round. */
static char *table_of(double ns)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    for (int id = 0; id < FFITAP_BENCH_ROWS; id++) {
        for (unsigned round = 0; round < results.rounds; round++)
            results.figures[id].ns[round] = (id % 2 ? 1 : ns) * (round ? 1 : 2);
    }
    cr_assert(ffitap_bench_results_summarize(&results));
    ffitap_bench_table_write(stream, &results);
    fclose(stream);
    return text;
}

Test(results, the_table_keeps_its_columns_whatever_the_figures)
{
    for (double ns = 1; ns < 1e20; ns *= 7) {
        char *text = table_of(ns), *rest = text;

        for (const char *line; (line = strsep(&rest, "\n"));) {
            double median, quartile_1, quartile_3;

            cr_expect(le(sz, strlen(line), 80), "%s", line);
            if (strstr(line, " .. "))
                cr_expect(
                    eq(int, sscanf(line + 32, "%lf %lf .. %lf ", &median, &quartile_1, &quartile_3),
                       3),
                    "%s", line);
        }
        free(text);
    }
}

Test(results, it_says_how_many_more_calls_two_threads_make)
{
    const enum ffitap_bench_row_id one = FFITAP_BENCH_ROW_LIBFFI, two = FFITAP_BENCH_ROW_LIBFFI_TWO;

    for (unsigned round = 0; round < results.rounds; round++) {
        results.figures[one].ns[round] = 30;
        results.figures[two].ns[round] = 15 + round;
    }
    cr_assert(ffitap_bench_results_summarize(&results));
    cr_expect(epsilon_eq(dbl, results.figures[two].ratio.highest, 2, EPSILON));
    cr_expect(epsilon_eq(dbl, results.figures[two].ratio.median, 30.0 / 16, EPSILON));
}

Test(results, it_compares_with_nothing_that_is_missing)
{
    struct ffitap_bench_spread spread;
    const struct ffitap_bench_goal goal = {
        .row = FFITAP_BENCH_ROW_LIBFFI_STAT,
        .less = FFITAP_BENCH_ROW_LIBFFI,
        .times = 2,
        .unit = FFITAP_BENCH_ROW_CLOCK,
    };

    cr_expect(ffitap_bench_results_weigh(&results, &goal, &spread));
    cr_expect(epsilon_eq(dbl, spread.median,
                         (double)(FFITAP_BENCH_ROW_LIBFFI_STAT - FFITAP_BENCH_ROW_LIBFFI) / 2,
                         EPSILON));
    results.figures[FFITAP_BENCH_ROW_CLOCK].missing = "no clock";
    cr_expect(not(ffitap_bench_results_weigh(&results, &goal, &spread)));
}

Test(results, it_leaves_out_what_lacks_its_baseline)
{
    results.figures[FFITAP_BENCH_ROW_CDLL].missing = "no python3";
    cr_assert(ffitap_bench_results_summarize(&results));
    cr_expect(eq(str, (char *)results.figures[FFITAP_BENCH_ROW_CDLL_STAT].missing, "no python3"));
    cr_expect(results.figures[FFITAP_BENCH_ROW_PYDLL_STAT].missing == NULL);
}

Test(goals, it_knows_which_way_is_better)
{
    const struct ffitap_bench_goal most = {.limit = 2};
    const struct ffitap_bench_goal least = {.limit = 2, .is_least = true};

    cr_expect(ffitap_bench_goal_is_met(&most, 2));
    cr_expect(not(ffitap_bench_goal_is_met(&most, 2.1)));
    cr_expect(ffitap_bench_goal_is_met(&least, 2));
    cr_expect(not(ffitap_bench_goal_is_met(&least, 1.9)));
}

Test(rows, it_measures_everything_before_what_is_compared_with_it)
{
    for (int id = 0; id < FFITAP_BENCH_ROWS; id++) {
        const struct ffitap_bench_row *row = &ffitap_bench_rows[id];
        if (row->against == FFITAP_BENCH_ROW_NONE)
            continue;
        cr_expect(lt(int, (int)row->against, id));
        cr_expect(eq(int, (int)ffitap_bench_rows[row->against].threads, 1));
    }
}
