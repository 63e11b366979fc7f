#include "count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <babeltrace2/babeltrace.h>

#include "files.h"

static bt_graph_simple_sink_component_consume_func_status
count_messages(bt_message_iterator *iterator, void *data)
{
    uint64_t *events = data;
    bt_message_array_const messages;
    uint64_t count;

    switch (bt_message_iterator_next(iterator, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    default:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        *events += bt_message_get_type(messages[i]) == BT_MESSAGE_TYPE_EVENT;
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

/* A sink for each stream: without the order between streams there is nothing to sort. */
static bool connect_sinks(bt_graph *graph, const bt_component_source *source, uint64_t *events)
{
    const uint64_t ports = bt_component_source_get_output_port_count(source);

    for (uint64_t i = 0; i < ports; i++) {
        const bt_component_sink *sink;
        char name[32];
        snprintf(name, sizeof name, "sink-%u", (unsigned)i);
        if (bt_graph_add_simple_sink_component(graph, name, NULL, count_messages, NULL, events,
                                               &sink) != 0 ||
            bt_graph_connect_ports(
                graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_sink_borrow_input_port_by_index_const(sink, 0), NULL) != 0)
            return false;
    }
    return ports > 0;
}

static const bt_component_source *add_source(bt_graph *graph, const bt_plugin *plugin,
                                             const char *path)
{
    const bt_component_source *source = NULL;
    bt_value *inputs;
    bt_value *parameters = bt_value_map_create();

    if (parameters && bt_value_map_insert_empty_array_entry(parameters, "inputs", &inputs) == 0 &&
        bt_value_array_append_string_element(inputs, path) == 0 &&
        bt_graph_add_source_component(
            graph, bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs"), "source",
            parameters, BT_LOGGING_LEVEL_NONE, &source) != 0)
        source = NULL;
    bt_value_put_ref(parameters);
    return source;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Counts what is in the trace `path`, a directory with a metadata file, until `deadline`. */
static bool count_trace(const bt_plugin *plugin, const char *path, uint64_t deadline,
                        struct ffitap_count *count)
{
    bt_graph *graph = bt_graph_create(0);
    const bt_component_source *source = graph ? add_source(graph, plugin, path) : NULL;
    bt_graph_run_once_status status = BT_GRAPH_RUN_ONCE_STATUS_ERROR;

    if (source && connect_sinks(graph, source, &count->events)) {
        do
            status = bt_graph_run_once(graph);
        while (status == BT_GRAPH_RUN_ONCE_STATUS_OK && now_ms() < deadline);
    }
    if (status < 0)
        bt_current_thread_clear_error();
    count->complete &= status == BT_GRAPH_RUN_ONCE_STATUS_END;
    bt_graph_put_ref(graph);
    return status >= 0;
}

bool ffitap_count_events(const char *directory, unsigned budget_ms, struct ffitap_count *count)
{
    const uint64_t deadline = now_ms() + budget_ms;
    const bt_plugin *plugin = NULL;
    glob_t found;

    *count = (struct ffitap_count){.complete = true};
    if (!ffitap_files_find(directory, "ust/uid/*/*/metadata", &found))
        return false;
    bool readable = bt_plugin_find("ctf", BT_TRUE, BT_TRUE, BT_TRUE, BT_TRUE, BT_FALSE, &plugin) ==
                    BT_PLUGIN_FIND_STATUS_OK;
    for (size_t i = 0; readable && i < found.gl_pathc; i++) {
        *strrchr(found.gl_pathv[i], '/') = '\0';
        readable = count_trace(plugin, found.gl_pathv[i], deadline, count);
    }
    globfree(&found);
    bt_plugin_put_ref(plugin);
    return readable;
}
