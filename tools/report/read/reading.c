#include "report/read/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/model/unseen.h"
#include "report/read/statistics.h"
#include "report/read/trace.h"

static struct ffitap__model *begin(const struct ffitap_recording *recording)
{
    struct ffitap__model *model = ffitap__model_create(recording->token);

    ffitap__unseen_prepare(model, recording);
    return model;
}

static struct ffitap__model *end(struct ffitap__model *model)
{
    ffitap__model_finish(model);
    ffitap__unseen_settle(model);
    return model;
}

static unsigned read_statistics(const struct ffitap__report_sink *sink,
                                const struct ffitap_recording *recording, const char *directory,
                                int64_t now_ns)
{
    char *folder = ffitap_recording_statistics(recording, directory);
    const unsigned files = ffitap__statistics_read_folder(sink, folder, now_ns);

    free(folder);
    return files;
}

struct ffitap__model *ffitap__reading_statistics(const struct ffitap_recording *recording,
                                                 const char *directory, int64_t now_ns)
{
    struct ffitap__model *model = begin(recording);
    const struct ffitap__report_sink sink = ffitap__model_sink(model);

    read_statistics(&sink, recording, directory, now_ns);
    return end(model);
}

struct ffitap__model *ffitap__reading_file(const struct ffitap_recording *recording,
                                           const char *file, int64_t now_ns)
{
    struct ffitap__model *model = begin(recording);
    const struct ffitap__report_sink sink = ffitap__model_sink(model);

    ffitap__statistics_read(&sink, file);
    if (model->processes->len && now_ns > 0)
        ffitap__feed_until(&sink, now_ns);
    return end(model);
}

/* Statistics alone are what 'ffitap stat' leaves. */
static bool has_trace(const struct ffitap_recording *recording)
{
    return strcmp(recording->mode, FFITAP_RECORDING_MODE_STAT) != 0;
}

/* Drops babeltrace's own complaints that come through GLib, because their cause is returned as an
 * error, too. */
static void drop_message(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
    (void)domain;
    (void)level;
    (void)message;
    (void)data;
}

static int read_trace(const struct ffitap__report_sink *sink, const char *directory,
                      struct ffitap__attempt *attempt, char *why, unsigned size)
{
    if (attempt->crashes >= FFITAP__CRASHES_MAX) {
        snprintf(why, size,
                 "its trace is so damaged that babeltrace 2 crashes on it (%s); record again",
                 strsignal(attempt->crash));
        return -1;
    }
    char *trace = g_build_filename(directory, FFITAP_RECORDING_TRACE, NULL);
    g_log_set_default_handler(drop_message, NULL);
    const int result = ffitap__trace_read(sink, trace, attempt, why, size);

    g_free(trace);
    return result;
}

int ffitap__reading_events(const struct ffitap__report_sink *sink,
                           const struct ffitap_recording *recording, const char *directory,
                           struct ffitap__attempt *attempt, char *why, unsigned size)
{
    if (has_trace(recording))
        return read_trace(sink, directory, attempt, why, size);
    snprintf(why, size, "it holds no trace, only statistics; make one with 'ffitap record'");
    return -1;
}

/* Whether there is a folder of statistics. If the program could not be counted, the folder is
 * empty, and the report says so. */
static bool has_folder(const struct ffitap_recording *recording, const char *directory)
{
    char *folder = ffitap_recording_statistics(recording, directory);
    const bool is_there = folder && g_file_test(folder, G_FILE_TEST_IS_DIR);

    free(folder);
    return is_there;
}

static int read_sources(const struct ffitap__report_sink *sink,
                        const struct ffitap_recording *recording, const char *directory,
                        struct ffitap__attempt *attempt, char *why, unsigned size)
{
    const unsigned files =
        read_statistics(sink, recording, directory, ffitap_recording_end_ns(recording));

    if (!has_trace(recording)) {
        if (has_folder(recording, directory))
            return 0;
        snprintf(why, size, "it holds no statistics; run 'ffitap stat' again");
        return -1;
    }
    if (read_trace(sink, directory, attempt, why, size) == 0)
        return 0;
    if (files == 0)
        return -1;
    ffitap__feed_damage_as(sink, "%s; the report comes from its statistics alone", why);
    return 0;
}

/* Notes what the description says that makes the figures lower bounds. */
static void tell_shortcomings(const struct ffitap__report_sink *sink,
                              const struct ffitap_recording *recording)
{
    if (recording->is_bare)
        return; /* its end is the programs' own business */
    if (!recording->ended)
        ffitap__feed_damage(sink, "the recorder did not end cleanly, or is still at it");
    else if (recording->incomplete)
        ffitap__feed_damage(
            sink, "the recorder could not write all of it: the disk was full, the session daemon "
                  "was killed, or it was told to stop writing");
}

struct ffitap__model *ffitap__reading_whole(const struct ffitap_recording *recording,
                                            const char *directory, struct ffitap__attempt *attempt,
                                            char *why, unsigned size)
{
    struct ffitap__model *model = begin(recording);
    const struct ffitap__report_sink sink = ffitap__model_sink(model);

    if (read_sources(&sink, recording, directory, attempt, why, size) != 0) {
        ffitap__model_destroy(model);
        return NULL;
    }
    tell_shortcomings(&sink, recording);
    model->has_empty_trace = !recording->is_bare && model->events == 0 && has_trace(recording);
    return end(model);
}
