#include "report/write/json.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/model/losses.h"
#include "report/model/process.h"

/* JSON's integers are read as signed 64-bit ones. */
static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

static json_t *address(uint64_t value)
{
    return json_sprintf("0x%" G_GINT64_MODIFIER "x", value);
}

static json_t *text(const char *value)
{
    return ffitap__text_json(value ? value : "");
}

/* null where there is nothing to say. */
static json_t *text_or_null(const char *value)
{
    return value && value[0] ? ffitap__text_json(value) : json_null();
}

static json_t *describe_recording(const struct ffitap_recording *recording,
                                  const struct ffitap__model *model)
{
    const uint64_t traced_ns = (uint64_t)(model->last_ns - model->first_ns);

    return json_pack("{s:O, s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "command", recording->command,
                     "host", text(recording->host), "start", text(recording->start), "duration_ns",
                     integer(recording->duration_ns ? recording->duration_ns : traced_ns), "mode",
                     text(recording->mode), "filter",
                     recording->filter ? json_incref(recording->filter) : json_array(), "clock",
                     text_or_null(model->clock), "versions", recording->versions);
}

static json_t *describe_arguments(const GByteArray *argv)
{
    json_t *list = json_array();
    const char *at = (const char *)argv->data;
    size_t left = argv->len;

    while (left > 0) {
        const size_t length = strnlen(at, left);
        const size_t step = MIN(length + 1, left);
        json_array_append_new(list, ffitap__text_json_sized(at, length));
        at += step;
        left -= step;
    }
    return list;
}

static int by_tid(const void *a, const void *b)
{
    const struct ffitap__report_thread *left = *(void *const *)a, *right = *(void *const *)b;

    return (left->tid > right->tid) - (left->tid < right->tid);
}

static json_t *describe_threads(const struct ffitap__process *process)
{
    json_t *list = json_array();
    GPtrArray *threads = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer value;

    g_hash_table_iter_init(&iterator, process->threads);
    while (g_hash_table_iter_next(&iterator, NULL, &value))
        g_ptr_array_add(threads, value);
    g_ptr_array_sort(threads, by_tid);
    for (unsigned i = 0; i < threads->len; i++) {
        const struct ffitap__report_thread *thread = g_ptr_array_index(threads, i);
        json_array_append_new(
            list, json_pack("{s:i, s:o}", "tid", thread->tid, "calls", integer(thread->calls)));
    }
    g_ptr_array_free(threads, TRUE);
    return list;
}

/* How a process ended is known only of the command: the recorder has waited for it. */
static json_t *describe_exit(const struct ffitap_recording *recording,
                             const struct ffitap__process *process)
{
    if (!recording->ended || process->replaced || process->pid != recording->pid)
        return json_null();
    return json_pack("{s:i}", recording->signaled ? "signal" : "status", recording->code);
}

static json_t *describe_start(const struct ffitap__process *process)
{
    char time[FFITAP__TIME_SIZE];

    if (process->start_wall_ns <= 0)
        return json_null();
    ffitap__text_time(time, process->start_wall_ns);
    return json_string(time);
}

static bool has_lock_of(const struct ffitap__process *process, enum ffitap__lock_kind kind)
{
    return process->lock_kinds & 1u << kind;
}

static json_t *describe_interpreter_lock(const struct ffitap__process *process)
{
    const bool is_free_threaded = ffitap__process_is_free_threaded(process);

    if (!is_free_threaded && !has_lock_of(process, FFITAP__LOCK_ALWAYS))
        return json_null();
    return json_pack("{s:s, s:b, s:b}", "kind", is_free_threaded ? "free-threaded" : "gil",
                     "seen_on", !is_free_threaded || has_lock_of(process, FFITAP__LOCK_ON),
                     "seen_off", has_lock_of(process, FFITAP__LOCK_OFF));
}

static json_t *describe_processes(const struct ffitap_recording *recording,
                                  const struct ffitap__model *model)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < model->processes->len; i++) {
        const struct ffitap__process *process = g_ptr_array_index(model->processes, i);
        json_array_append_new(
            list, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid", process->pid, "ppid",
                            process->ppid ? json_integer(process->ppid) : json_null(), "exe",
                            text_or_null(process->exe), "argv", describe_arguments(process->argv),
                            "start", describe_start(process), "exit",
                            describe_exit(recording, process), "threads", describe_threads(process),
                            "interpreter_lock", describe_interpreter_lock(process)));
    }
    return list;
}

static const char *cause_name(uint8_t cause)
{
    switch (cause) {
    case FFITAP__OBJECT_AT_START_UP:
        return "start_up";
    case FFITAP__OBJECT_ASKED_FOR:
        return "asked_for";
    case FFITAP__OBJECT_DEPENDENCY:
        return "dependency";
    case FFITAP__OBJECT_TRACER:
        return "tracer";
    default:
        return "unknown";
    }
}

static json_t *describe_object(const void *row)
{
    const struct ffitap__report_object *object = row;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "path", text(object->path),
                     "soname", text_or_null(object->soname), "build_id",
                     text_or_null(object->build_id), "base", address(object->base), "size",
                     integer(object->size), "cause", cause_name(object->cause), "needed_by",
                     text_or_null(object->needed_by), "mapped", integer(object->mapped), "unmapped",
                     integer(object->unmapped));
}

/* "RTLD_NOW|RTLD_GLOBAL", as a program would write it; bits without a name in hexadecimal. */
static json_t *describe_mode(int32_t mode)
{
    static const struct {
        int bit;
        const char *name;
    } bits[] = {
        {RTLD_LAZY, "RTLD_LAZY"},         {RTLD_NOW, "RTLD_NOW"},
        {RTLD_GLOBAL, "RTLD_GLOBAL"},     {RTLD_NOLOAD, "RTLD_NOLOAD"},
        {RTLD_NODELETE, "RTLD_NODELETE"}, {RTLD_DEEPBIND, "RTLD_DEEPBIND"},
    };
    GString *names = g_string_new(NULL);
    uint32_t rest = (uint32_t)mode;

    for (unsigned i = 0; i < G_N_ELEMENTS(bits); i++) {
        if (rest & (uint32_t)bits[i].bit)
            g_string_append_printf(names, "%s%s", names->len ? "|" : "", bits[i].name);
        rest &= ~(uint32_t)bits[i].bit;
    }
    if (rest || !names->len)
        g_string_append_printf(names, "%s0x%x", names->len ? "|" : "", rest);
    json_t *string = json_string(names->str);
    g_string_free(names, TRUE);
    return string;
}

static json_t *describe_load(const void *row)
{
    const struct ffitap__load *load = row;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
                     load->name ? text(load->name) : json_null(), "path", text_or_null(load->path),
                     "mode", describe_mode(load->mode), "caller", text_or_null(load->caller),
                     "count", integer(load->count), "failed", integer(load->failed), "unfinished",
                     integer(load->unfinished), "total_ns", integer(load->total_ns), "max_ns",
                     integer(load->max_ns), "error", text_or_null(load->error));
}

static json_t *describe_lookup(const void *row)
{
    const struct ffitap__lookup *lookup = row;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "library", text(lookup->library),
                     "symbol", text(lookup->symbol), "count", integer(lookup->count), "cached",
                     integer(lookup->cached), "failed", integer(lookup->failed), "expected",
                     integer(lookup->expected), "total_ns", integer(lookup->total_ns), "error",
                     text_or_null(lookup->error));
}

static json_t *describe_histogram(const struct ffitap__histogram *histogram)
{
    json_t *list = json_array();
    struct ffitap__bucket bucket;
    unsigned cursor = 0;

    while (ffitap__histogram_next(histogram, &cursor, &bucket))
        json_array_append_new(list, json_pack("[o, o, o]", integer(bucket.lower),
                                              integer(bucket.upper), integer(bucket.count)));
    return list;
}

/* Appends what functions and callbacks say alike of their durations. */
static void add_durations(json_t *object, const struct ffitap__histogram *histogram)
{
    static const struct {
        const char *key;
        unsigned per_mille;
    } percentiles[] = {{"p50_ns", 500}, {"p90_ns", 900}, {"p99_ns", 990}, {"p999_ns", 999}};

    json_object_set_new(object, "min_ns", integer(histogram->min));
    json_object_set_new(object, "mean_ns", integer(ffitap__histogram_mean(histogram)));
    json_object_set_new(object, "max_ns", integer(histogram->max));
    for (unsigned i = 0; i < G_N_ELEMENTS(percentiles); i++)
        json_object_set_new(
            object, percentiles[i].key,
            integer(ffitap__histogram_percentile(histogram, percentiles[i].per_mille)));
    json_object_set_new(object, "histogram", describe_histogram(histogram));
}

static json_t *describe_gil(const struct ffitap__report_function *function)
{
    const struct ffitap__histogram *wait = &function->gil_wait;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "windows",
                     integer(function->gil_windows), "released_ns",
                     integer(function->gil_released_ns), "wait_ns", integer(wait->total),
                     "wait_p99_ns", integer(ffitap__histogram_percentile(wait, 990)), "wait_max_ns",
                     integer(wait->max), "wait_unknown", integer(function->gil_wait_unknown),
                     "held_calls", integer(function->gil_held_calls), "unlocked_windows",
                     integer(function->unlocked_windows), "unlocked_wait_ns",
                     integer(function->unlocked_wait_ns), "attached_calls",
                     integer(function->attached_calls));
}

static json_t *describe_errno(const struct ffitap__report_function *function)
{
    json_t *values = json_array();

    for (unsigned i = 0; function->outcomes && i < function->outcomes->len; i++) {
        const struct ffitap__outcome *outcome =
            &g_array_index(function->outcomes, struct ffitap__outcome, i);

        json_array_append_new(values, json_pack("{s:i, s:s?, s:o, s:o}", "value", outcome->value,
                                                "name", strerrorname_np(outcome->value), "count",
                                                integer(outcome->count), "unchanged",
                                                integer(outcome->unchanged)));
    }
    return json_pack("{s:o, s:o}", "swaps", integer(function->errno_swaps), "values", values);
}

static json_t *describe_function(const void *row)
{
    const struct ffitap__report_function *function = row;
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "library", text(function->library),
                  "symbol", text(function->symbol), "address", address(function->address),
                  "runtime", text(function->runtime), "calls", integer(function->native.count),
                  "unfinished", integer(function->unfinished), "total_ns",
                  integer(function->native.total), "self_ns", integer(function->self_ns));

    add_durations(object, &function->native);
    json_object_set_new(object, "gil", describe_gil(function));
    json_object_set_new(object, "errno", describe_errno(function));
    return object;
}

static json_t *describe_callbacks(const void *row)
{
    const struct ffitap__callbacks *callbacks = row;
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o}", "runtime", text(callbacks->runtime), "library",
        text_or_null(callbacks->library), "function", text_or_null(callbacks->symbol), "calls",
        integer(callbacks->duration.count), "total_ns", integer(callbacks->duration.total));

    add_durations(object, &callbacks->duration);
    return object;
}

static json_t *describe_rows(GHashTable *table, ffitap__order *order,
                             json_t *(*describe)(const void *row))
{
    json_t *list = json_array();
    unsigned count;
    gpointer *rows = ffitap__tables_sort(table, order, &count);

    for (unsigned i = 0; i < count; i++)
        json_array_append_new(list, describe(rows[i]));
    g_free(rows);
    return list;
}

static json_t *describe_in_flight(const struct ffitap__model *model)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < model->in_flight->len; i++) {
        const struct ffitap__in_flight *call =
            &g_array_index(model->in_flight, struct ffitap__in_flight, i);
        json_array_append_new(list, json_pack("{s:i, s:i, s:o, s:o, s:o, s:o}", "pid", call->pid,
                                              "tid", call->tid, "library", text(call->library),
                                              "symbol", text(call->symbol), "since_ns",
                                              integer(call->since_ns), "lock_wait_ns",
                                              call->waits ? integer(call->wait_ns) : json_null()));
    }
    return list;
}

static json_t *describe_losses(const struct ffitap_recording *recording,
                               const struct ffitap__model *model)
{
    const struct ffitap__losses losses = ffitap__losses_of(recording, model);
    json_t *dropped = json_object(), *unseen = json_array(), *damaged = json_array();

    for (unsigned i = 0; i < FFITAP__LOSS_KINDS; i++)
        json_object_set_new(dropped, ffitap__loss_name(i), integer(model->lost[i]));
    if (losses.command_unseen)
        json_array_append_new(unseen, json_pack("{s:I, s:s}", "pid", (json_int_t)recording->pid,
                                                "why", losses.command_unseen));
    for (unsigned i = 0; i < model->unseen->len; i++) {
        const struct ffitap__unseen *one = &g_array_index(model->unseen, struct ffitap__unseen, i);
        json_array_append_new(unseen,
                              json_pack("{s:i, s:o}", "pid", one->pid, "why", text(one->why)));
    }
    for (unsigned i = 0; i < model->damaged->len; i++)
        json_array_append_new(damaged, text(g_ptr_array_index(model->damaged, i)));
    if (losses.trace_empty)
        json_array_append_new(damaged, text(losses.trace_empty));
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "lower_bound", losses.lower_bound,
                     "discarded_events", integer(losses.discarded_events), "discarded_packets",
                     integer(losses.discarded_packets), "dropped_records", dropped,
                     "unseen_processes", unseen, "undefined_functions",
                     integer(model->undefined_functions), "damaged", damaged);
}

json_t *ffitap__json_create(const struct ffitap_recording *recording,
                            const struct ffitap__model *model)
{
    const struct ffitap__tables *tables = &model->tables;

    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", FFITAP__REPORT_SCHEMA,
        "recording", describe_recording(recording, model), "processes",
        describe_processes(recording, model), "objects",
        describe_rows(tables->objects, ffitap__by_identity, describe_object), "loads",
        describe_rows(tables->loads, ffitap__by_identity, describe_load), "lookups",
        describe_rows(tables->lookups, ffitap__by_identity, describe_lookup), "functions",
        describe_rows(tables->functions, ffitap__functions_by_cost, describe_function), "callbacks",
        describe_rows(tables->callbacks, ffitap__callbacks_by_time, describe_callbacks),
        "in_flight", describe_in_flight(model), "losses", describe_losses(recording, model));
}

bool ffitap__json_write(const struct ffitap__writing *to, const struct ffitap__model *model)
{
    json_t *report = ffitap__json_create(to->recording, model);

    if (!report) {
        errno = ENOMEM;
        return false;
    }
    json_dumpf(report, to->stream, JSON_INDENT(2));
    fputc('\n', to->stream);
    json_decref(report);
    return true;
}
