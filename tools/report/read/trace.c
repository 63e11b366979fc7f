#include "report/read/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/read/decode.h"
#include "report/read/graph.h"
#include "report/read/metadata.h"
#include "report/read/repair.h"

/* Directories inside directories: deeper than LTTng's, and no endless climb through links. */
#define DEPTH_MAX 16

struct reading {
    const struct ffitap__report_sink *sink;
    GHashTable *decoders; /* event class -> its decoder */
    const bt_event_class *last_class;
    struct ffitap__decoder *last_decoder;
};

static void destroy_decoder(gpointer decoder)
{
    ffitap__decoder_destroy(decoder);
}

static struct ffitap__decoder *decoder_for(struct reading *reading, const bt_message *message)
{
    const bt_event_class *class =
        bt_event_borrow_class_const(bt_message_event_borrow_event_const(message));

    if (class == reading->last_class)
        return reading->last_decoder;
    struct ffitap__decoder *decoder = g_hash_table_lookup(reading->decoders, class);
    if (!decoder) {
        decoder = ffitap__decoder_create(class);
        g_hash_table_insert(reading->decoders, (void *)class, decoder);
    }
    reading->last_class = class;
    reading->last_decoder = decoder;
    return decoder;
}

/* If a stream does not say how many events it discarded, at least one is counted. */
static void count_discarded(const struct ffitap__report_sink *sink, const bt_message *message)
{
    uint64_t count = 1;

    if (bt_message_get_type(message) == BT_MESSAGE_TYPE_DISCARDED_EVENTS) {
        bt_message_discarded_events_get_count(message, &count);
        ffitap__feed_discarded_events(sink, count);
    } else {
        bt_message_discarded_packets_get_count(message, &count);
        ffitap__feed_discarded_packets(sink, count);
    }
}

static void note_clock(const struct ffitap__report_sink *sink, const bt_message *message)
{
    const bt_stream_class *class =
        bt_stream_borrow_class_const(bt_message_stream_beginning_borrow_stream_const(message));
    const bt_clock_class *clock = bt_stream_class_borrow_default_clock_class_const(class);
    const char *name = clock ? bt_clock_class_get_name(clock) : NULL;

    if (name)
        ffitap__feed_clock(sink, name);
}

static void consume(void *data, const bt_message *message)
{
    struct reading *reading = data;

    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_EVENT:
        ffitap__decoder_feed(decoder_for(reading, message), message, reading->sink);
        break;
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        count_discarded(reading->sink, message);
        break;
    case BT_MESSAGE_TYPE_STREAM_BEGINNING:
        note_clock(reading->sink, message);
        break;
    default:
        break;
    }
}

/* Why reading ended early; NULL if it did not. */
static char *read_traces(const struct ffitap__report_sink *sink, const GPtrArray *directories,
                         struct ffitap__attempt *attempt, bool *ran)
{
    struct reading reading = {.sink = sink};

    reading.decoders = g_hash_table_new_full(NULL, NULL, NULL, destroy_decoder);
    char *why = ffitap__graph_run(directories, attempt, consume, &reading, ran);
    g_hash_table_destroy(reading.decoders);
    return why;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Leaves out the traces that babeltrace would never finish reading. */
static void drop_endless(GPtrArray *traces, const struct ffitap__report_sink *sink)
{
    for (unsigned i = traces->len; i > 0; i--) {
        const char *trace = g_ptr_array_index(traces, i - 1);
        if (!ffitap__metadata_is_cut(trace))
            continue;
        ffitap__feed_damage_as(sink, "trace %s: its metadata is cut short; left out", trace);
        g_ptr_array_remove_index(traces, i - 1);
    }
}

/* Adds every directory at or below `directory` that holds a trace; counts the files beside. */
static void find_traces(GPtrArray *traces, const char *path, unsigned depth, unsigned *files)
{
    char *metadata = g_build_filename(path, "metadata", NULL);
    GDir *directory = g_dir_open(path, 0, NULL);
    const char *name;

    if (g_file_test(metadata, G_FILE_TEST_IS_REGULAR))
        g_ptr_array_add(traces, g_strdup(path));
    while (directory && depth < DEPTH_MAX && (name = g_dir_read_name(directory))) {
        char *entry = g_build_filename(path, name, NULL);
        if (g_file_test(entry, G_FILE_TEST_IS_DIR))
            find_traces(traces, entry, depth + 1, files);
        else
            ++*files;
        g_free(entry);
    }
    if (directory)
        g_dir_close(directory);
    g_free(metadata);
}

static char *probe(const char *trace)
{
    gpointer items[] = {(gpointer)trace};
    const GPtrArray one = {.pdata = items, .len = 1};

    return ffitap__graph_probe(&one);
}

/* The directory for views, made when the first one is needed; NULL if that fails. */
static const char *scratch_of(struct ffitap__attempt *attempt)
{
    if (!attempt->scratch[0]) {
        char *path = g_dir_make_tmp("ffitap-report-XXXXXX", NULL);
        if (path)
            g_strlcpy(attempt->scratch, path, sizeof(attempt->scratch));
        g_free(path);
    }
    return attempt->scratch[0] ? attempt->scratch : NULL;
}

/* Replaces traces that cannot be opened by views of them, and leaves out those of which there is
 * nothing to view. Returns why the last one was left out, or NULL. */
static char *repair_traces(GPtrArray *traces, struct ffitap__attempt *attempt,
                           const struct ffitap__report_sink *sink)
{
    char *left_out = NULL;

    for (unsigned i = traces->len; i > 0; i--) {
        const char *trace = g_ptr_array_index(traces, i - 1);
        char *why = probe(trace);
        if (!why)
            continue;
        const char *scratch = scratch_of(attempt);
        char *view = scratch ? ffitap__repair_create(trace, scratch, sink) : NULL;
        if (view) {
            g_free(g_ptr_array_index(traces, i - 1));
            g_ptr_array_index(traces, i - 1) = view;
            g_free(why);
            continue;
        }
        ffitap__feed_damage_as(sink, "trace %s: %s; left out", trace, why);
        g_ptr_array_remove_index(traces, i - 1);
        g_free(left_out);
        left_out = why;
    }
    return left_out;
}

/* A damaged trace must not cost the others. So after a failure the traces that can be opened are
 * read again without it. */
static int read_or_repair(const struct ffitap__report_sink *sink, GPtrArray *traces,
                          struct ffitap__attempt *attempt, char *why, unsigned size)
{
    bool ran;
    char *cause = read_traces(sink, traces, attempt, &ran);

    if (!ran) {
        char *left_out = repair_traces(traces, attempt, sink);
        if (traces->len > 0) {
            g_free(cause);
            cause = read_traces(sink, traces, attempt, &ran);
        }
        if (!ran)
            snprintf(why, size, "its trace cannot be read: %s", left_out ? left_out : cause);
        g_free(left_out);
    }
    if (ran && cause)
        ffitap__feed_cut(sink, cause);
    else if (ran && attempt->crash)
        ffitap__feed_cut(sink, "the trace is damaged there, and babeltrace 2 crashes on it");
    g_free(cause);
    return ran ? 0 : -1;
}

int ffitap__trace_read(const struct ffitap__report_sink *sink, const char *directory,
                       struct ffitap__attempt *attempt, char *why, unsigned size)
{
    GPtrArray *traces = g_ptr_array_new_with_free_func(g_free);
    unsigned files = 0;
    int result = -1;

    find_traces(traces, directory, 0, &files);
    g_ptr_array_sort(traces, compare_paths);
    const bool any = traces->len > 0;
    drop_endless(traces, sink);
    for (unsigned i = 0; i < traces->len; i++)
        ffitap__repair_note_missing(g_ptr_array_index(traces, i), sink);
    if (traces->len > 0)
        result = read_or_repair(sink, traces, attempt, why, size);
    else if (any)
        snprintf(why, size,
                 "its trace cannot be read: the metadata is cut short, as by a full disk; record "
                 "again");
    else if (files > 0)
        snprintf(why, size,
                 "its trace has lost its metadata, without which nothing of it can be "
                 "read; record again");
    else if (access(directory, R_OK | X_OK) != 0 && errno == EACCES)
        snprintf(why, size, "its trace cannot be read: %s", g_strerror(EACCES));
    else
        snprintf(why, size, "it holds no trace; record again, or wait until the recording ends");
    g_ptr_array_free(traces, TRUE);
    return result;
}
