#include "report/base/recording.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "report/base/output.h"
#include "report/base/text.h"
#include "tap/statistics/file.h"

#define ADVICE "; give a directory that 'ffitap record' or 'ffitap stat -o' wrote"

void ffitap_recording_fini(struct ffitap_recording *recording)
{
    free(recording->token);
    free(recording->program);
    free(recording->host);
    free(recording->start);
    free(recording->mode);
    free(recording->events);
    json_decref(recording->command);
    json_decref(recording->filter);
    json_decref(recording->versions);
    *recording = (struct ffitap_recording){0};
}

static json_t *string_or_empty(const char *text)
{
    return ffitap__text_json(text ? text : "");
}

static json_t *describe(const struct ffitap_recording *recording)
{
    return json_pack(
        "{s:s, s:o, s:o, s:s*, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b, s:b, s:b, s:i, s:I, "
        "s:I}",
        "format", FFITAP_RECORDING_FORMAT, "token", string_or_empty(recording->token), "command",
        recording->command ? json_incref(recording->command) : json_array(), "program",
        recording->program, "host", string_or_empty(recording->host), "start",
        string_or_empty(recording->start), "mode", string_or_empty(recording->mode), "events",
        string_or_empty(recording->events), "filter",
        recording->filter ? json_incref(recording->filter) : json_array(), "versions",
        recording->versions ? json_incref(recording->versions) : json_object(), "pid",
        (json_int_t)recording->pid, "duration_ns", (json_int_t)recording->duration_ns, "ended",
        recording->ended, "incomplete", recording->incomplete, "signaled", recording->signaled,
        "code", recording->code, "discarded_events", (json_int_t)recording->discarded_events,
        "lost_packets", (json_int_t)recording->lost_packets);
}

static int write_json(const json_t *json, const char *path)
{
    struct ffitap__output output;

    if (ffitap__output_open(&output, path) != 0)
        return -1;
    /* What jansson cannot write, the stream remembers and the commit reports. */
    json_dumpf(json, output.stream, JSON_INDENT(2));
    fputc('\n', output.stream);
    return ffitap__output_commit(&output);
}

int ffitap_recording_write(const struct ffitap_recording *recording, const char *directory)
{
    int result = -1;
    char *path = NULL;
    json_t *json = describe(recording);

    if (!json || asprintf(&path, "%s/" FFITAP_RECORDING_FILE, directory) < 0) {
        path = NULL;
        errno = ENOMEM;
        goto out;
    }
    result = write_json(json, path);
out:
    json_decref(json);
    free(path);
    return result;
}

/* The process that a file `<pid>.<n>.stat` is of; 0 if `name` is no such name. */
static pid_t process_of(const char *name)
{
    int pid = 0, end = 0;

    if (sscanf(name, "%9d.%*9u" FFITAP__STATISTICS_SUFFIX "%n", &pid, &end) != 1 || !end ||
        name[end])
        return 0;
    return pid;
}

static bool is_alive(pid_t pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* Whether the directory itself holds statistics files. `*pid` is a process of these that still
 * runs, if there is one. */
static bool find_statistics(const char *directory, int64_t *pid)
{
    DIR *stream = opendir(directory);
    bool found = false;

    *pid = 0;
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        const pid_t process = process_of(entry->d_name);

        found = found || process;
        if (process && is_alive(process))
            *pid = process;
    }
    if (stream)
        closedir(stream);
    return found;
}

/* Makes up a description for a folder of statistics files: somebody has set FFITAP_STAT_DIR, or a
 * program keeps its own statistics. */
static bool make_up(struct ffitap_recording *recording, const char *directory)
{
    int64_t pid;

    if (!find_statistics(directory, &pid))
        return false;
    *recording = (struct ffitap_recording){
        .token = strdup(""),
        .command = json_array(),
        .host = strdup(""),
        .start = strdup(""),
        .mode = strdup(FFITAP_RECORDING_MODE_STAT),
        .events = strdup(""),
        .versions = json_object(),
        .is_bare = true,
        .pid = pid,
    };
    if (recording->token && recording->host && recording->start && recording->mode &&
        recording->events)
        return true;
    ffitap_recording_fini(recording);
    return false;
}

char *ffitap_recording_statistics(const struct ffitap_recording *recording, const char *directory)
{
    char *folder;

    if (recording->is_bare)
        return strdup(directory);
    return asprintf(&folder, "%s/" FFITAP__STATISTICS_FOLDER, directory) < 0 ? NULL : folder;
}

/* Opens the description, telling apart the ways in which a directory can be the wrong one. */
static int open_description(FILE **stream, const char *directory, char *why, unsigned size)
{
    const int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (at < 0 && errno == ENOENT)
        return ffitap__text_explain(why, size, "no such directory" ADVICE);
    if (at < 0 && errno == ENOTDIR)
        return ffitap__text_explain(why, size, "not a directory" ADVICE);
    if (at < 0)
        return ffitap__text_explain(why, size, "cannot open the directory: %s", strerror(errno));
    const int fd = openat(at, FFITAP_RECORDING_FILE, O_RDONLY | O_CLOEXEC);
    const int failure = errno;
    close(at);
    if (fd < 0 && failure == ENOENT)
        return ffitap__text_explain(why, size, "not a recording: it holds no file '%s'" ADVICE,
                                    FFITAP_RECORDING_FILE);
    if (fd < 0)
        return ffitap__text_explain(why, size, "cannot open its file '%s': %s",
                                    FFITAP_RECORDING_FILE, strerror(failure));
    *stream = fdopen(fd, "r");
    return *stream ? 0 : ffitap__text_explain(why, size, "out of memory");
}

static bool holds_only_strings(json_t *array)
{
    size_t index;
    json_t *item;

    json_array_foreach(array, index, item)
    {
        if (!json_is_string(item))
            return false;
    }
    return json_is_array(array);
}

/* Fills `recording` with copies of what `json` says. Returns 0, or -1 with `error` set. */
static int understand(struct ffitap_recording *recording, json_t *json, json_error_t *error)
{
    const char *format, *token, *host, *start, *mode, *events, *program = NULL;
    json_t *command, *filter = NULL, *versions; /* older ones say nothing of filter and program */
    json_int_t pid, duration_ns, discarded_events, lost_packets;
    int ended, incomplete = false, signaled, code;

    if (json_unpack_ex(
            json, error, 0,
            "{s:s, s:s, s:o, s?s, s:s, s:s, s:s, s:s, s?o, s:o, s:I, s:I, s:b, s?b, s:b, s:i, s:I, "
            "s:I}",
            "format", &format, "token", &token, "command", &command, "program", &program, "host",
            &host, "start", &start, "mode", &mode, "events", &events, "filter", &filter, "versions",
            &versions, "pid", &pid, "duration_ns", &duration_ns, "ended", &ended, "incomplete",
            &incomplete, "signaled", &signaled, "code", &code, "discarded_events",
            &discarded_events, "lost_packets", &lost_packets) != 0)
        return -1;
    if (!holds_only_strings(command) || (filter && !holds_only_strings(filter)) ||
        !json_is_object(versions))
        return ffitap__text_explain(error->text, sizeof(error->text),
                                    "'command', 'filter' or 'versions' is no list");
    if (duration_ns < 0 || discarded_events < 0 || lost_packets < 0)
        return ffitap__text_explain(error->text, sizeof(error->text), "a figure is negative");
    *recording = (struct ffitap_recording){
        .token = strdup(token),
        .command = json_incref(command),
        .program = program ? strdup(program) : NULL,
        .host = strdup(host),
        .start = strdup(start),
        .mode = strdup(mode),
        .events = strdup(events),
        .filter = json_incref(filter),
        .versions = json_incref(versions),
        .pid = pid,
        .duration_ns = (uint64_t)duration_ns,
        .ended = ended,
        .incomplete = incomplete,
        .signaled = signaled,
        .code = code,
        .discarded_events = (uint64_t)discarded_events,
        .lost_packets = (uint64_t)lost_packets,
    };
    if (recording->token && recording->host && recording->start && recording->mode &&
        recording->events)
        return 0;
    ffitap_recording_fini(recording);
    return ffitap__text_explain(error->text, sizeof(error->text), "out of memory");
}

static bool is_missing(const char *directory)
{
    char *path;

    if (asprintf(&path, "%s/" FFITAP_RECORDING_FILE, directory) < 0)
        return false;
    const bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    free(path);
    return missing;
}

int ffitap_recording_read(struct ffitap_recording *recording, const char *directory, char *why,
                          unsigned size)
{
    int result = -1;
    FILE *stream = NULL;
    json_error_t error = {0};

    *recording = (struct ffitap_recording){0};
    if (is_missing(directory) && make_up(recording, directory))
        return 0;
    if (open_description(&stream, directory, why, size) != 0)
        return -1;
    json_t *json = json_loadf(stream, 0, &error);
    fclose(stream);
    const char *format = json_string_value(json_object_get(json, "format"));
    if (!json)
        ffitap__text_explain(why, size, "its file '%s' is damaged (%s)" ADVICE,
                             FFITAP_RECORDING_FILE, error.text);
    else if (!format)
        ffitap__text_explain(why, size, "its file '%s' is no ffitap description" ADVICE,
                             FFITAP_RECORDING_FILE);
    else if (strcmp(format, FFITAP_RECORDING_FORMAT) != 0)
        ffitap__text_explain(
            why, size,
            "its format is '%.40s', this ffitap reads '%s'; use the ffitap that recorded it",
            format, FFITAP_RECORDING_FORMAT);
    else if (understand(recording, json, &error) != 0)
        ffitap__text_explain(why, size, "its file '%s' is damaged (%s)" ADVICE,
                             FFITAP_RECORDING_FILE, error.text);
    else
        result = 0;
    json_decref(json);
    return result;
}

int64_t ffitap_recording_end_ns(const struct ffitap_recording *recording)
{
    int64_t start_ns;

    if (recording->ended)
        return ffitap__text_read_time(&start_ns, recording->start)
                   ? start_ns + (int64_t)MIN(recording->duration_ns, (uint64_t)INT64_MAX / 2)
                   : 0;
    return is_alive((pid_t)recording->pid) ? g_get_real_time() * 1000 : 0;
}
