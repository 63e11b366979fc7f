#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "report/write/json.h"

#define BAD_BYTES "bad\xff\xc3\xed\xa0\x80\x01end"

static struct ffitap_recording recording;
static struct ffitap__model *model;
static struct ffitap__report_sink sink;
static const struct ffitap__at at = {.wall_ns = 5000000000, .clock_ns = 1, .pid = 10, .tid = 11};

static void create(void)
{
    recording = (struct ffitap_recording){
        .token = strdup(""),
        .command = json_array(),
        .host = strdup(BAD_BYTES),
        .start = strdup("2024-05-06T07:08:09.000000000Z"),
        .mode = strdup("record"),
        .events = strdup("calls"),
        .versions = json_object(),
        .pid = 10,
        .ended = true,
    };
    model = ffitap__model_create("");
    sink = ffitap__model_sink(model);
}

static void destroy(void)
{
    ffitap__model_destroy(model);
    ffitap_recording_fini(&recording);
}

TestSuite(json, .init = create, .fini = destroy);

static void announce(void)
{
    ffitap__feed_process(&sink, &at,
                         &(struct ffitap__process_event){.pid = 10,
                                                         .start_ns = 1,
                                                         .exe = BAD_BYTES,
                                                         .argv = (const uint8_t *)"a\0\0\xff",
                                                         .argv_size = 4,
                                                         .recording = ""});
}

static void call(uint64_t native_ns)
{
    ffitap__feed_runtime(&sink, &at,
                         &(struct ffitap__runtime_event){.runtime_id = 1, .name = "ctypes"});
    ffitap__feed_function(&sink, &at,
                          &(struct ffitap__function_event){.function_id = 1,
                                                           .address = UINT64_MAX,
                                                           .library = BAD_BYTES,
                                                           .symbol = "\"\\\n" BAD_BYTES});
    ffitap__feed_call(&sink, &at,
                      &(struct ffitap__call_event){.function_id = 1,
                                                   .runtime_id = 1,
                                                   .native_ns = native_ns,
                                                   .flags = FFITAP__CALL_ERRNO_SWAPPED,
                                                   .errno_private_out = 2});
}

static json_t *report(void)
{
    ffitap__model_finish(model);
    json_t *json = ffitap__json_create(&recording, model);

    cr_assert(json != NULL);
    return json;
}

/* The first element of the array `key`. */
static json_t *first(const json_t *json, const char *key)
{
    return json_array_get(json_object_get(json, key), 0);
}

static json_int_t number(const json_t *json, const char *key)
{
    return json_integer_value(json_object_get(json, key));
}

Test(json, is_valid_utf8_whatever_the_trace_held)
{
    announce();
    call(1);
    json_t *json = report();
    char *text = json_dumps(json, 0);
    json_error_t error;
    json_t *again = json_loads(text, 0, &error);

    cr_expect(json_equal(json, again), "%s", error.text);
    cr_expect(strstr(text, "bad\xef\xbf\xbd") != NULL, "bad bytes become U+FFFD");
    json_decref(again);
    free(text);
    json_decref(json);
}

Test(json, splits_arguments_at_their_nuls)
{
    announce();
    json_t *json = report();
    const json_t *argv = json_object_get(first(json, "processes"), "argv");

    cr_expect(eq(sz, json_array_size(argv), 3));
    cr_expect(eq(str, (char *)json_string_value(json_array_get(argv, 0)), "a"));
    cr_expect(eq(str, (char *)json_string_value(json_array_get(argv, 1)), ""));
    cr_expect(eq(str, (char *)json_string_value(json_array_get(argv, 2)), "\xef\xbf\xbd"));
    json_decref(json);
}

Test(json, keeps_integers_in_64_bits_with_a_sign)
{
    announce();
    call(UINT64_MAX);
    json_t *json = report();

    cr_expect(eq(i64, number(first(json, "functions"), "total_ns"), INT64_MAX));
    json_decref(json);
}

static void define_lock(uint16_t id, enum ffitap__lock_kind kind)
{
    const struct ffitap__at place = {.pid = 10, .tid = 10};

    ffitap__feed_runtime(&sink, &place,
                         &(struct ffitap__runtime_event){
                             .runtime_id = id, .name = "ctypes", .lock_kind = (uint8_t)kind});
}

/* "kind, seen on, seen off" */
static const char *describe_lock(void)
{
    static char line[64];
    json_t *json = report();
    const json_t *lock = json_object_get(first(json, "processes"), "interpreter_lock");

    snprintf(line, sizeof line, "%s, %d, %d",
             json_is_null(lock) ? "null" : json_string_value(json_object_get(lock, "kind")),
             json_is_true(json_object_get(lock, "seen_on")),
             json_is_true(json_object_get(lock, "seen_off")));
    json_decref(json);
    return line;
}

Test(json, says_nothing_of_a_lock_that_nobody_told_of)
{
    announce();
    define_lock(1, FFITAP__LOCK_UNTOLD);
    define_lock(2, FFITAP__LOCK_NONE);
    cr_expect(eq(str, (char *)describe_lock(), "null, 0, 0"));
}

Test(json, says_that_a_lock_is_always_there)
{
    announce();
    define_lock(1, FFITAP__LOCK_NONE);
    define_lock(2, FFITAP__LOCK_ALWAYS);
    cr_expect(eq(str, (char *)describe_lock(), "gil, 1, 0"));
}

Test(json, says_whether_a_free_threaded_interpreter_had_its_lock)
{
    announce();
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    cr_expect(eq(str, (char *)describe_lock(), "free-threaded, 0, 0"));
}

Test(json, says_that_it_was_turned_on)
{
    announce();
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    define_lock(2, FFITAP__LOCK_OFF);
    define_lock(3, FFITAP__LOCK_ON);
    cr_expect(eq(str, (char *)describe_lock(), "free-threaded, 1, 1"));
}

Test(json, names_outcomes)
{
    announce();
    call(1);
    json_t *json = report();
    const json_t *outcome = first(json_object_get(first(json, "functions"), "errno"), "values");

    cr_expect(eq(str, (char *)json_string_value(json_object_get(outcome, "name")), "ENOENT"));
    cr_expect(eq(i64, number(outcome, "value"), 2));
    cr_expect(eq(i64, number(outcome, "count"), 1));
    json_decref(json);
}

Test(json, says_how_the_command_ended)
{
    announce();
    recording.signaled = true;
    recording.code = 11;
    json_t *json = report();

    cr_expect(eq(i64, number(json_object_get(first(json, "processes"), "exit"), "signal"), 11));
    json_decref(json);
}

/*
 * Checks how many discarded events a report tells of if the trace and the recorder counted so many.
 */
static void expect_discarded(uint64_t in_trace, uint64_t at_end, json_int_t expected)
{
    model->discarded_events = in_trace;
    recording.discarded_events = at_end;
    json_t *json = report();
    const json_t *losses = json_object_get(json, "losses");

    cr_expect(eq(i64, number(losses, "discarded_events"), expected));
    cr_expect(json_object_get(losses, "lower_bound") == json_true());
    json_decref(json);
}

Test(json, believes_lttngs_own_count_of_discarded_events)
{
    announce();
    expect_discarded(5, 7, 7);
    expect_discarded(9, 7, 7);
}

Test(json, believes_the_trace_where_nobody_could_ask_for_that_count)
{
    announce();
    expect_discarded(5, 0, 5);
    recording.ended = false;
    expect_discarded(5, 7, 5);
}

Test(json, names_a_command_that_was_not_seen)
{
    json_t *json = report();

    cr_expect(
        eq(i64, number(first(json_object_get(json, "losses"), "unseen_processes"), "pid"), 10));
    json_decref(json);
}

Test(json, names_a_program_that_was_not_seen)
{
    const struct ffitap__unseen unseen = {.pid = 17, .why = "because"};

    announce();
    g_array_append_val(model->unseen, unseen);
    json_t *json = report();
    const json_t *losses = json_object_get(json, "losses");

    cr_expect(eq(i64, number(first(losses, "unseen_processes"), "pid"), 17));
    cr_expect(json_object_get(losses, "lower_bound") == json_false());
    json_decref(json);
}

Test(json, loses_what_a_child_called_that_was_not_seen)
{
    const struct ffitap__unseen unseen = {.pid = 17, .called = true, .why = "because"};

    announce();
    g_array_append_val(model->unseen, unseen);
    json_t *json = report();

    cr_expect(json_object_get(json_object_get(json, "losses"), "lower_bound") == json_true());
    json_decref(json);
}

Test(json, claims_no_loss_where_none_was)
{
    announce();
    call(1);
    json_t *json = report();

    cr_expect(json_object_get(json_object_get(json, "losses"), "lower_bound") == json_false());
    json_decref(json);
}

Test(json, has_functions_in_order_of_their_time)
{
    announce();
    call(100);
    ffitap__feed_function(
        &sink, &at,
        &(struct ffitap__function_event){.function_id = 2, .library = "", .symbol = "slow"});
    ffitap__feed_call(
        &sink, &at,
        &(struct ffitap__call_event){.function_id = 2, .runtime_id = 1, .native_ns = 101});
    json_t *json = report();

    cr_expect(eq(str,
                 (char *)json_string_value(json_object_get(first(json, "functions"), "symbol")),
                 "slow"));
    json_decref(json);
}
