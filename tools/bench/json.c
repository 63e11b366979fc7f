#include "bench/json.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "report/base/text.h"

#define SCHEMA "ffitap-bench/1"

static json_t *spread(const struct ffitap_bench_spread *of)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "lowest", of->lowest, "quartile_1",
                     of->quartile_1, "median", of->median, "quartile_3", of->quartile_3, "highest",
                     of->highest);
}

static json_t *numbers(const double *values, unsigned count)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < count; i++)
        json_array_append_new(list, json_real(values[i]));
    return list;
}

/* The members that name a row, used in the row itself and in rows that are compared with it. */
static json_t *identity(enum ffitap_bench_row_id id)
{
    const struct ffitap_bench_row *row = &ffitap_bench_rows[id];

    return json_pack("{s:s, s:s, s:i}", "loop", row->loop->name, "state",
                     ffitap_bench_state_names[row->state], "threads", (int)row->threads);
}

static json_t *row(const struct ffitap_bench_results *results, enum ffitap_bench_row_id id)
{
    const struct ffitap_bench_figure *figure = &results->figures[id];
    const enum ffitap_bench_row_id against = ffitap_bench_rows[id].against;
    const bool compared = against != FFITAP_BENCH_ROW_NONE;
    const bool there = !figure->missing;
    json_t *object = identity(id);

    json_object_set_new(object, "not_measured",
                        there ? json_null() : ffitap__text_json(figure->missing));
    json_object_set_new(object, "call_ns", there ? spread(&figure->spread) : json_null());
    json_object_set_new(object, "against", compared ? identity(against) : json_null());
    json_object_set_new(object, "added_ns",
                        there && compared ? spread(&figure->added_ns) : json_null());
    json_object_set_new(object,
                        ffitap_bench_rows[id].threads > 1 ? "throughput_ratio" : "time_ratio",
                        there && compared ? spread(&figure->ratio) : json_null());
    json_object_set_new(object, "calls_per_round",
                        there ? json_integer((json_int_t)figure->round_calls) : json_null());
    json_object_set_new(object, "rounds_ns",
                        there ? numbers(figure->ns, results->rounds) : json_null());
    return object;
}

static json_t *rows(const struct ffitap_bench_results *results)
{
    json_t *list = json_array();

    for (enum ffitap_bench_row_id id = 0; id < FFITAP_BENCH_ROWS; id++)
        json_array_append_new(list, row(results, id));
    return list;
}

static json_t *goal(const struct ffitap_bench_results *results, const struct ffitap_bench_goal *of)
{
    struct ffitap_bench_spread value;
    const bool there = ffitap_bench_results_weigh(results, of, &value);

    return json_pack(
        "{s:s, s:o, s:f, s:o}", "name", of->name, "value", there ? spread(&value) : json_null(),
        of->is_least ? "at_least" : "at_most", of->limit, "met",
        there ? json_boolean(ffitap_bench_goal_is_met(of, value.median)) : json_null());
}

static json_t *goals(const struct ffitap_bench_results *results)
{
    json_t *list = json_array();

    for (size_t i = 0; i < ffitap_bench_goal_count; i++)
        json_array_append_new(list, goal(results, &ffitap_bench_goals[i]));
    return list;
}

static json_t *machine(const struct ffitap_bench_results *results)
{
    char host[256] = "";

    gethostname(host, sizeof host - 1);
    return json_pack("{s:o, s:i, s:s}", "host", ffitap__text_json(host), "cpus", (int)results->cpus,
                     "clock", results->clock);
}

json_t *ffitap_bench_json(const struct ffitap_bench_results *results)
{
    const time_t now = time(NULL);
    struct tm parts;
    char date[32];

    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return json_pack("{s:s, s:s, s:s, s:o, s:i, s:I, s:I, s:o, s:o}", "schema", SCHEMA, "version",
                     FFITAP_VERSION, "end", date, "machine", machine(results), "rounds",
                     (int)results->rounds, "duration_ns", (json_int_t)results->duration_ns,
                     "discarded_events", (json_int_t)results->discarded_events, "rows",
                     rows(results), "goals", goals(results));
}
