#include "bench/results.h"

#include <stdlib.h>

bool ffitap_bench_results_init(struct ffitap_bench_results *results, unsigned rounds)
{
    bool complete = true;

    *results = (struct ffitap_bench_results){.rounds = rounds};
    for (int i = 0; i < FFITAP_BENCH_ROWS; i++) {
        results->figures[i].ns = calloc(rounds, sizeof *results->figures[i].ns);
        complete = complete && results->figures[i].ns;
    }
    return complete;
}

void ffitap_bench_results_fini(struct ffitap_bench_results *results)
{
    for (int i = 0; i < FFITAP_BENCH_ROWS; i++)
        free(results->figures[i].ns);
}

static double of_round(const struct ffitap_bench_results *results, enum ffitap_bench_row_id row,
                       unsigned round, double otherwise)
{
    return row == FFITAP_BENCH_ROW_NONE ? otherwise : results->figures[row].ns[round];
}

static bool is_missing(const struct ffitap_bench_results *results, enum ffitap_bench_row_id row)
{
    return row != FFITAP_BENCH_ROW_NONE && results->figures[row].missing;
}

bool ffitap_bench_results_weigh(const struct ffitap_bench_results *results,
                                const struct ffitap_bench_goal *goal,
                                struct ffitap_bench_spread *spread)
{
    if (is_missing(results, goal->row) || is_missing(results, goal->less) ||
        is_missing(results, goal->unit))
        return false;
    double *values = malloc(results->rounds * sizeof *values);
    if (!values)
        return false;
    for (unsigned i = 0; i < results->rounds; i++)
        values[i] = (of_round(results, goal->row, i, 0) - of_round(results, goal->less, i, 0)) /
                    (goal->times * of_round(results, goal->unit, i, 1));
    *spread = ffitap_bench_spread_get(values, results->rounds);
    free(values);
    return true;
}

bool ffitap_bench_goal_is_met(const struct ffitap_bench_goal *goal, double value)
{
    return goal->is_least ? value >= goal->limit : value <= goal->limit;
}

/* Compares round by round, because the machine's speed changes: the two values that are compared
 * were measured within one round. */
static bool compare(struct ffitap_bench_results *results, enum ffitap_bench_row_id id)
{
    const struct ffitap_bench_row *row = &ffitap_bench_rows[id];
    const bool faster = row->threads > 1;
    const struct ffitap_bench_goal added = {
        .row = id, .less = row->against, .times = 1, .unit = FFITAP_BENCH_ROW_NONE};
    const struct ffitap_bench_goal ratio = {
        .row = faster ? row->against : id,
        .less = FFITAP_BENCH_ROW_NONE,
        .times = 1,
        .unit = faster ? id : row->against,
    };
    struct ffitap_bench_figure *figure = &results->figures[id];

    return ffitap_bench_results_weigh(results, &added, &figure->added_ns) &&
           ffitap_bench_results_weigh(results, &ratio, &figure->ratio);
}

bool ffitap_bench_results_summarize(struct ffitap_bench_results *results)
{
    for (enum ffitap_bench_row_id id = 0; id < FFITAP_BENCH_ROWS; id++) {
        const struct ffitap_bench_goal alone = {
            .row = id,
            .less = FFITAP_BENCH_ROW_NONE,
            .times = 1,
            .unit = FFITAP_BENCH_ROW_NONE,
        };
        struct ffitap_bench_figure *figure = &results->figures[id];
        const enum ffitap_bench_row_id against = ffitap_bench_rows[id].against;
        /* A row whose baseline was not measured cannot be compared. The reason that the row gives
         * is then the baseline's. */
        if (is_missing(results, against) && !figure->missing)
            figure->missing = results->figures[against].missing;
        if (figure->missing)
            continue;
        if (!ffitap_bench_results_weigh(results, &alone, &figure->spread) ||
            (against != FFITAP_BENCH_ROW_NONE && !compare(results, id)))
            return false;
    }
    return true;
}
