#include "report/write/live.h"

#include "report/read/reading.h"
#include "report/write/live_part.h"

struct ffitap_live {
    struct ffitap__model *model; /* of the last reading, NULL before the first */
    int64_t read_us;             /* when that was, on CLOCK_MONOTONIC */
    GHashTable *before;          /* name -> struct ffitap__amounts of the reading before */
    uint64_t elapsed_ns;         /* between the two */
};

struct ffitap_live *ffitap_live_create(void)
{
    struct ffitap_live *live = g_new0(struct ffitap_live, 1);

    live->before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return live;
}

void ffitap_live_destroy(struct ffitap_live *live)
{
    if (!live)
        return;
    ffitap__model_destroy(live->model);
    g_hash_table_destroy(live->before);
    g_free(live);
}

/* The function's name as one text. Each model has texts of its own, so their addresses cannot be
 * compared between models. */
static char *name_of(const struct ffitap__report_function *function)
{
    return g_strjoin("\n", function->library ? function->library : "",
                     function->symbol ? function->symbol : "",
                     function->runtime ? function->runtime : "", NULL);
}

static struct ffitap__amounts amounts_of(const struct ffitap__report_function *function)
{
    return (struct ffitap__amounts){
        .calls = function->native.count,
        .cost_ns = ffitap__function_cost_ns(function),
        .wait_ns = function->gil_wait.total,
    };
}

static void remember(struct ffitap_live *live)
{
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_remove_all(live->before);
    if (!live->model)
        return;
    g_hash_table_iter_init(&iterator, live->model->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__amounts amounts = amounts_of(row);
        g_hash_table_insert(live->before, name_of(row), g_memdup2(&amounts, sizeof(amounts)));
    }
}

static struct ffitap__model *read_model(const struct ffitap_live_source *source)
{
    return source->directory
               ? ffitap__reading_statistics(source->recording, source->directory, source->now_ns)
               : ffitap__reading_file(source->recording, source->file, source->now_ns);
}

/* Whether `model` lacks what was there before. */
static bool is_gone(const struct ffitap_live *live, const struct ffitap__model *model)
{
    return live->model && live->model->processes->len && !model->processes->len;
}

void ffitap_live_read(struct ffitap_live *live, const struct ffitap_live_source *source)
{
    struct ffitap__model *model = read_model(source);
    const int64_t now_us = g_get_monotonic_time();

    remember(live);
    live->elapsed_ns = live->model ? (uint64_t)(now_us - live->read_us) * 1000
                                   : (uint64_t)MAX(model->last_ns - model->first_ns, 0);
    live->read_us = now_us;
    if (is_gone(live, model)) {
        ffitap__model_destroy(model);
        return;
    }
    ffitap__model_destroy(live->model);
    live->model = model;
}

const struct ffitap__model *ffitap__live_model(const struct ffitap_live *live)
{
    return live->model;
}

uint64_t ffitap__live_elapsed_ns(const struct ffitap_live *live)
{
    return live->elapsed_ns;
}

/* What was added between two readings. If the value went down, a process has begun anew with
 * another program, and all of the value was added. */
static uint64_t added(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

struct ffitap__amounts ffitap__live_added(const struct ffitap_live *live,
                                          const struct ffitap__report_function *function)
{
    char *name = name_of(function);
    const struct ffitap__amounts *before = g_hash_table_lookup(live->before, name);
    struct ffitap__amounts amounts = amounts_of(function);

    g_free(name);
    if (!before)
        return amounts;
    return (struct ffitap__amounts){
        .calls = added(amounts.calls, before->calls),
        .cost_ns = added(amounts.cost_ns, before->cost_ns),
        .wait_ns = added(amounts.wait_ns, before->wait_ns),
    };
}
