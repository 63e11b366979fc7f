#include "bench/table.h"

#include <string.h>

#define NAME_WIDTH  32
#define ADDED_WIDTH 10
#define RATIO_WIDTH 9

static const char *const state_titles[FFITAP_BENCH_STATES] = {
    [FFITAP_BENCH_UNTRACED] = "untraced",
    [FFITAP_BENCH_DORMANT] = "dormant",
    [FFITAP_BENCH_STAT] = "stat",
    [FFITAP_BENCH_RECORD] = "record",
    [FFITAP_BENCH_DETAIL] = "record, every event",
};

/* The titles above the rows of each loop. A loop without states has one row. That row is in no
 * group, and is called by the title. */
static const struct {
    const char *title;
    const char *name; /* among the rows of two threads */
} loop_titles[] = {
    [FFITAP_BENCH_CLOCK] = {"clock reading", ""},
    [FFITAP_BENCH_EVENT] = {"LTTng event, alone", ""},
    [FFITAP_BENCH_LIBFFI] = {"ffi_call, from C", "ffi_call"},
    [FFITAP_BENCH_CORE] = {"libffitap, from C (dormant: against ffi_call untraced)", "libffitap"},
    [FFITAP_BENCH_CDLL] = {"ctypes, with a GIL window (CDLL)", "CDLL"},
    [FFITAP_BENCH_PYDLL] = {"ctypes, GIL kept (PyDLL)", "PyDLL"},
};

static unsigned loop_of(const struct ffitap_bench_row *row)
{
    return (unsigned)(row->loop - ffitap_bench_loops);
}

/* Whether the row is of no group: such rows stand above all groups. */
static bool is_plain(const struct ffitap_bench_row *row)
{
    return !row->loop->makes_calls;
}

/* Whether a row begins a group, and so has a title above it. */
static const char *title_of(const struct ffitap_bench_row *row, const struct ffitap_bench_row *last)
{
    if (is_plain(row) ||
        (last && last->threads == row->threads && (row->threads > 1 || last->loop == row->loop)))
        return NULL;
    return row->threads > 1 ? "two threads at once (ratio: calls of two / of one)"
                            : loop_titles[loop_of(row)].title;
}

static void write_name(FILE *stream, const struct ffitap_bench_row *row)
{
    char name[NAME_WIDTH + 1];

    if (is_plain(row))
        snprintf(name, sizeof name, "%s", loop_titles[loop_of(row)].title);
    else if (row->threads > 1)
        snprintf(name, sizeof name, "  %s, %s", loop_titles[loop_of(row)].name,
                 state_titles[row->state]);
    else
        snprintf(name, sizeof name, "  %s", state_titles[row->state]);
    fprintf(stream, "%-*s", NAME_WIDTH, name);
}

/* A machine may be so slow that a number is too long for its column. Such a number is shortened. */
static void write_number(FILE *stream, int width, int decimals, double number)
{
    char text[512];

    if (snprintf(text, sizeof text, "%.*f", decimals, number) >= width)
        snprintf(text, sizeof text, "%.*e", width > 7, number);
    fprintf(stream, "%*s", width, text);
}

static void write_added(FILE *stream, double added_ns)
{
    char text[512];

    if (snprintf(text, sizeof text, "%+.1f", added_ns) >= ADDED_WIDTH)
        snprintf(text, sizeof text, "%+.1e", added_ns);
    fprintf(stream, "%*s", ADDED_WIDTH, text);
}

static void write_row(FILE *stream, const struct ffitap_bench_row *row,
                      const struct ffitap_bench_figure *figure)
{
    const struct ffitap_bench_spread *ns = &figure->spread;

    write_name(stream, row);
    write_number(stream, 8, 1, ns->median);
    write_number(stream, 9, 1, ns->quartile_1);
    fputs(" ..", stream);
    write_number(stream, 7, 1, ns->quartile_3);
    if (row->threads > 1) {
        write_number(stream, ADDED_WIDTH + RATIO_WIDTH, 2, figure->ratio.median);
    } else if (row->against != FFITAP_BENCH_ROW_NONE) {
        write_added(stream, figure->added_ns.median);
        write_number(stream, RATIO_WIDTH, 2, figure->ratio.median);
    }
    fputc('\n', stream);
}

static void write_rows(FILE *stream, const struct ffitap_bench_results *results)
{
    const struct ffitap_bench_row *last = NULL;

    fprintf(stream, "%-*s%8s%18s%10s%9s\n", NAME_WIDTH, "ns per call", "median", "middle half",
            "added", "ratio");
    for (int id = 0; id < FFITAP_BENCH_ROWS; id++) {
        const struct ffitap_bench_row *row = &ffitap_bench_rows[id];
        const struct ffitap_bench_figure *figure = &results->figures[id];
        if (figure->missing)
            continue;
        const char *title = title_of(row, last);
        if (title)
            fprintf(stream, "\n%s\n", title);
        write_row(stream, row, figure);
        last = row;
    }
}

static void write_goals(FILE *stream, const struct ffitap_bench_results *results)
{
    fprintf(stream, "\n%-50s%8s%12s\n", "what ffitap is to cost", "here", "goal");
    for (size_t i = 0; i < ffitap_bench_goal_count; i++) {
        const struct ffitap_bench_goal *goal = &ffitap_bench_goals[i];
        struct ffitap_bench_spread spread;
        if (!ffitap_bench_results_weigh(results, goal, &spread))
            continue;
        fprintf(stream, "  %-48s", goal->title);
        write_number(stream, 8, 2, spread.median);
        fprintf(stream, "%8s %.2f%s\n", goal->is_least ? ">=" : "<=", goal->limit,
                ffitap_bench_goal_is_met(goal, spread.median) ? "" : "  missed");
    }
}

void ffitap_bench_table_write(FILE *stream, const struct ffitap_bench_results *results)
{
    fprintf(stream,
            "%u rounds in %.1f s on %u CPU%s; in each round everything took its turn.\n"
            "added, ratio: against the first of the group; medians of what the rounds gave\n\n",
            results->rounds, (double)results->duration_ns * 1e-9, results->cpus,
            results->cpus == 1 ? "" : "s");
    write_rows(stream, results);
    write_goals(stream, results);
}
