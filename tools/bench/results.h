/* What the bench found out. */
#ifndef FFITAP_TOOLS_BENCH_RESULTS_H
#define FFITAP_TOOLS_BENCH_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/rows.h"
#include "bench/sample.h"

#define FFITAP_BENCH_REASON_SIZE 512

struct ffitap_bench_figure {
    const char *missing;  /* why there are no figures, NULL: there are; borrowed from `results` */
    double *ns;           /* per call, of each round */
    uint64_t round_calls; /* of each of its threads, in a round */
    struct ffitap_bench_spread spread;
    /* What each round gave in comparison with another row, if there is one to compare with. */
    struct ffitap_bench_spread added_ns;
    struct ffitap_bench_spread ratio; /* how much longer; with two threads: how many more calls */
};

struct ffitap_bench_results {
    unsigned rounds;
    unsigned cpus;     /* that the bench may use */
    const char *clock; /* the tap's: "tsc" or "monotonic" */
    uint64_t duration_ns;
    uint64_t discarded_events;
    struct ffitap_bench_figure figures[FFITAP_BENCH_ROWS];
    /* Texts of `missing`. */
    char no_trace[FFITAP_BENCH_REASON_SIZE];
    char no_python[FFITAP_BENCH_REASON_SIZE];
    char not_seen[FFITAP_BENCH_PROGRAMS][FFITAP_BENCH_REASON_SIZE];
    const char *no_second_thread; /* NULL: there is one */
};

/* Makes room for `rounds` rounds. Release with ffitap_bench_results_fini() either way. */
bool ffitap_bench_results_init(struct ffitap_bench_results *results, unsigned rounds);

void ffitap_bench_results_fini(struct ffitap_bench_results *results);

/* Computes everything that is about all rounds from the figures of single rounds. False if memory
 * is short. */
bool ffitap_bench_results_summarize(struct ffitap_bench_results *results);

/*
 * Whether the figures that `goal` asks for are there. If so, `spread` becomes that of the values by
 * which the goal is judged.
 */
bool ffitap_bench_results_weigh(const struct ffitap_bench_results *results,
                                const struct ffitap_bench_goal *goal,
                                struct ffitap_bench_spread *spread);

/* Whether `value` reaches the goal. */
bool ffitap_bench_goal_is_met(const struct ffitap_bench_goal *goal, double value);

#endif
