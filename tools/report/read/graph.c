#include "report/read/graph.h"

#include <string.h>

/* What one run holds. */
struct run {
    const bt_plugin *ctf;
    const bt_plugin *utils;
    bt_graph *graph;
    const bt_component_filter *muxer;
    uint64_t ports; /* streams of all traces */
    struct ffitap__attempt *attempt;
    ffitap__consume *consume;
    void *data;
};

/* Cuts off the details, which are addresses in this process. */
static void drop_details(char *text)
{
    char *address = strstr(text, "addr=0x");

    for (char *at = address; at && at > text; at--) {
        if (at[0] == ':' && at[1] == ' ') {
            *at = '\0';
            return;
        }
    }
}

/* Takes the first cause, which is the deepest one; those that follow only say which component
 * passed it on. */
static char *take_cause(const char *otherwise)
{
    const bt_error *error = bt_current_thread_take_error();
    char *text = NULL;

    if (error && bt_error_get_cause_count(error) > 0)
        text = g_strdup(bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0)));
    if (error)
        bt_error_release(error);
    if (text)
        drop_details(text);
    return text ? text : g_strdup(otherwise);
}

static char *find_plugins(struct run *run)
{
    bt_logging_set_global_level(BT_LOGGING_LEVEL_NONE);
    if (bt_plugin_find("ctf", true, false, true, true, false, &run->ctf) != 0 ||
        bt_plugin_find("utils", true, false, true, true, false, &run->utils) != 0)
        return take_cause("babeltrace 2 has no plug-ins 'ctf' and 'utils' here");
    return NULL;
}

static bt_value *source_parameters(const char *directory)
{
    bt_value *parameters = bt_value_map_create(), *inputs = NULL;

    if (parameters &&
        bt_value_map_insert_bool_entry(parameters, "force-clock-class-origin-unix-epoch", true) ==
            0 &&
        bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) == 0 &&
        bt_value_array_append_string_element(inputs, directory) == 0)
        return parameters;
    bt_value_put_ref(parameters);
    return NULL;
}

static char *add_source(struct run *run, const char *directory, const bt_component_source **source)
{
    const bt_component_class_source *class =
        bt_plugin_borrow_source_component_class_by_name_const(run->ctf, "fs");
    bt_value *parameters = source_parameters(directory);
    char *why = NULL;

    if (!class || !parameters ||
        bt_graph_add_source_component(run->graph, class, directory, parameters,
                                      BT_LOGGING_LEVEL_NONE, source) != 0)
        why = take_cause("babeltrace 2 cannot open it");
    bt_value_put_ref(parameters);
    return why;
}

static char *add_muxer(struct run *run)
{
    const bt_component_class_filter *class =
        bt_plugin_borrow_filter_component_class_by_name_const(run->utils, "muxer");

    if (!class || bt_graph_add_filter_component(run->graph, class, "muxer", NULL,
                                                BT_LOGGING_LEVEL_NONE, &run->muxer) != 0)
        return take_cause("babeltrace 2 has no muxer here");
    return NULL;
}

/* Connects the streams of a source to what takes them. Returns NULL, or why that failed. */
typedef char *connect_streams(struct run *run, const bt_component_source *source);

/* The muxer offers one more free input after every connection. */
static char *connect_to_muxer(struct run *run, const bt_component_source *source)
{
    const uint64_t count = bt_component_source_get_output_port_count(source);

    for (uint64_t i = 0; i < count; i++) {
        const uint64_t last = bt_component_filter_get_input_port_count(run->muxer) - 1;
        if (bt_graph_connect_ports(
                run->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_filter_borrow_input_port_by_index_const(run->muxer, last), NULL) != 0)
            return take_cause("babeltrace 2 cannot merge its streams");
    }
    run->ports += count;
    return NULL;
}

static char *begin_run(struct run *run)
{
    char *why = find_plugins(run);

    if (why)
        return why;
    run->graph = bt_graph_create(0);
    return run->graph ? NULL : take_cause("out of memory");
}

static char *add_sources(struct run *run, const GPtrArray *directories, connect_streams *connect)
{
    char *why = NULL;

    for (unsigned i = 0; !why && i < directories->len; i++) {
        const bt_component_source *source = NULL;
        why = add_source(run, g_ptr_array_index(directories, i), &source);
        if (!why)
            why = connect(run, source);
    }
    return why;
}

static char *open_traces(struct run *run, const GPtrArray *directories)
{
    char *why = begin_run(run);

    if (!why)
        why = add_muxer(run);
    if (!why)
        why = add_sources(run, directories, connect_to_muxer);
    return why;
}

static void close_run(struct run *run)
{
    bt_graph_put_ref(run->graph);
    bt_plugin_put_ref(run->utils);
    bt_plugin_put_ref(run->ctf);
    bt_current_thread_clear_error();
}

char *ffitap__graph_probe(const GPtrArray *directories)
{
    struct run run = {0};
    char *why = open_traces(&run, directories);

    close_run(&run);
    return why;
}

static bt_graph_simple_sink_component_consume_func_status consume_batch(bt_message_iterator *from,
                                                                        void *data)
{
    struct run *run = data;
    bt_message_array_const messages;
    uint64_t count = 0;

    if (run->attempt->messages >= run->attempt->stop_after)
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    const bt_message_iterator_next_status status =
        bt_message_iterator_next(from, &messages, &count);
    if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
        return (bt_graph_simple_sink_component_consume_func_status)status;
    for (uint64_t i = 0; i < count; i++) {
        run->consume(run->data, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    run->attempt->messages += count;
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static char *add_sink(struct run *run)
{
    const bt_component_sink *sink = NULL;

    if (bt_graph_add_simple_sink_component(run->graph, "model", NULL, consume_batch, NULL, run,
                                           &sink) != 0 ||
        bt_graph_connect_ports(
            run->graph, bt_component_filter_borrow_output_port_by_index_const(run->muxer, 0),
            bt_component_sink_borrow_input_port_by_index_const(sink, 0), NULL) != 0)
        return take_cause("out of memory");
    return NULL;
}

char *ffitap__graph_run(const GPtrArray *directories, struct ffitap__attempt *attempt,
                        ffitap__consume *consume, void *data, bool *ran)
{
    struct run run = {.attempt = attempt, .consume = consume, .data = data};
    char *why = open_traces(&run, directories);
    bt_graph_run_status status = BT_GRAPH_RUN_STATUS_OK;

    *ran = false;
    if (!why && run.ports > 0)
        why = add_sink(&run);
    if (why)
        goto out;
    *ran = true;
    while (run.ports > 0) {
        status = bt_graph_run(run.graph);
        if (status != BT_GRAPH_RUN_STATUS_AGAIN)
            break;
    }
    if (status != BT_GRAPH_RUN_STATUS_OK)
        why = take_cause("babeltrace 2 cannot read on");
out:
    close_run(&run);
    return why;
}

/* Gives each stream a sink of its own. Nothing is read in an order between the streams, so nothing
 * has to be sorted. */
static char *connect_to_sinks(struct run *run, const bt_component_source *source)
{
    const uint64_t count = bt_component_source_get_output_port_count(source);

    for (uint64_t i = 0; i < count; i++) {
        const bt_component_sink *sink = NULL;
        char name[32];
        g_snprintf(name, sizeof(name), "stream-%" G_GUINT64_FORMAT, run->ports++);
        if (bt_graph_add_simple_sink_component(run->graph, name, NULL, consume_batch, NULL, run,
                                               &sink) != 0 ||
            bt_graph_connect_ports(
                run->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_sink_borrow_input_port_by_index_const(sink, 0), NULL) != 0)
            return take_cause("out of memory");
    }
    return NULL;
}

char *ffitap__graph_run_unordered(const GPtrArray *directories, int64_t deadline_us,
                                  ffitap__consume *consume, void *data, bool *complete)
{
    struct ffitap__attempt attempt = {.stop_after = UINT64_MAX};
    struct run run = {.attempt = &attempt, .consume = consume, .data = data};
    bt_graph_run_once_status status = BT_GRAPH_RUN_ONCE_STATUS_OK;
    char *why = begin_run(&run);

    if (!why)
        why = add_sources(&run, directories, connect_to_sinks);
    if (!why && run.ports == 0)
        why = g_strdup("it holds no streams");
    while (!why && status == BT_GRAPH_RUN_ONCE_STATUS_OK && g_get_monotonic_time() < deadline_us) {
        status = bt_graph_run_once(run.graph);
        if (status < 0)
            why = take_cause("babeltrace 2 cannot read on");
    }
    *complete = status == BT_GRAPH_RUN_ONCE_STATUS_END;
    close_run(&run);
    return why;
}
