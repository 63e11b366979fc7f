#include "ffitap/view/target.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "recorder/clock.h"
#include "recorder/message.h"
#include "report/base/text.h"
#include "tap/base/environment.h"
#include "tap/statistics/file.h"

#define DELETED " (deleted)" /* behind the name of a mapped file that is there no longer */

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)FFITAP_SECOND_NS + now.tv_nsec;
}

static FILE *open_about(const char *process, const char *file)
{
    char path[64];
    const int length = snprintf(path, sizeof path, "/proc/%s/%s", process, file);

    if (length >= 0 && (size_t)length < sizeof path)
        return fopen(path, "re");
    errno = ENOENT; /* no number is that long */
    return NULL;
}

/* The number by which the process knows itself, in its own namespace. False: there is none. */
static bool find_own_number(const char *process, char number[32])
{
    FILE *stream = open_about(process, "status");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (stream && !found && getline(&line, &size, stream) >= 0) {
        if (strncmp(line, "NStgid:", strlen("NStgid:")) == 0)
            found = sscanf(strrchr(line, '\t'), "%31s", number) == 1;
    }
    free(line);
    if (stream)
        fclose(stream);
    return found;
}

/* Which of the process's statistics files `path` is; -1 if it is none of them. A forked child may
 * still map its parent's file, which does not count. */
static long find_own_file(const char *path, const char *number)
{
    const char *name = strrchr(path, '/') + 1;
    const size_t digits = strlen(number);

    if (strncmp(name, number, digits) != 0 || name[digits] != '.' || !isdigit(name[digits + 1]))
        return -1;
    char *suffix;
    const long which = strtol(name + digits + 1, &suffix, 10);
    return strcmp(suffix, FFITAP__STATISTICS_SUFFIX) == 0 ||
                   strcmp(suffix, FFITAP__STATISTICS_SUFFIX DELETED) == 0
               ? which
               : -1;
}

enum sight {
    SIGHT_FILE,
    SIGHT_REMOVED,   /* it keeps statistics in a file that was removed */
    SIGHT_NONE,      /* it runs and keeps no statistics */
    SIGHT_GONE,      /* it has ended */
    SIGHT_FORBIDDEN, /* errno says more */
};

/*
 * Looks for the process's statistics file among its mappings. If there are several, the latest one
 * counts: a thread that has counted in an earlier file keeps that mapped. The caller owns `*file`.
 */
static enum sight find_in_maps(FILE *maps, const char *number, char **file)
{
    enum sight sight = SIGHT_GONE; /* a process that has ended maps nothing */
    char *line = NULL;
    size_t size = 0;
    long latest = -1;

    errno = 0;
    while (getline(&line, &size, maps) >= 0) {
        char *path = strchr(line, '/');
        line[strcspn(line, "\n")] = '\0';
        if (sight == SIGHT_GONE)
            sight = SIGHT_NONE;
        const long which = path ? find_own_file(path, number) : -1;
        if (which <= latest)
            continue;
        latest = which;
        sight = strstr(path, DELETED) ? SIGHT_REMOVED : SIGHT_FILE;
        free(*file);
        *file = sight == SIGHT_FILE ? strdup(path) : NULL;
    }
    if (sight == SIGHT_GONE && errno && errno != ESRCH)
        sight = SIGHT_FORBIDDEN;
    free(line);
    return sight;
}

static enum sight look_at_process(const char *process, char **file)
{
    char number[32];

    if (!find_own_number(process, number))
        return SIGHT_GONE;
    FILE *maps = open_about(process, "maps");
    if (!maps)
        return errno == ENOENT || errno == ESRCH ? SIGHT_GONE : SIGHT_FORBIDDEN;
    const enum sight sight = find_in_maps(maps, number, file);
    const int saved = errno;
    fclose(maps);
    errno = saved;
    return sight;
}

/* Whether the environment of the process asks for statistics. */
static bool is_asked(const char *process)
{
    FILE *stream = open_about(process, "environ");
    char *variable = NULL;
    size_t size = 0;
    bool asked = false;

    while (stream && !asked && getdelim(&variable, &size, '\0', stream) >= 0)
        asked = strncmp(variable, FFITAP__ENV_STAT_DIR "=", strlen(FFITAP__ENV_STAT_DIR "=")) == 0;
    free(variable);
    if (stream)
        fclose(stream);
    return asked;
}

static json_t *read_command(const char *process)
{
    json_t *command = json_array();
    FILE *stream = open_about(process, "cmdline");
    char *argument = NULL;
    size_t size = 0;

    while (stream && getdelim(&argument, &size, '\0', stream) >= 0)
        json_array_append_new(command, ffitap__text_json(argument));
    free(argument);
    if (stream)
        fclose(stream);
    return command;
}

static void note_file(struct ffitap_target *target, char *file)
{
    const bool is_new = !target->file || strcmp(target->file, file) != 0;

    free(target->file);
    target->file = file;
    if (!is_new)
        return;
    json_decref(target->recording.command);
    target->recording.command = read_command(target->name);
}

static bool refuse_process(const char *process, enum sight sight)
{
    const int reason = sight == SIGHT_GONE ? ESRCH : errno;

    if (sight == SIGHT_NONE && is_asked(process))
        ffitap_say("process %s: it has counted nothing: it made no foreign call since it was "
                   "forked, or does not load ffitap's library, or found no room for its file",
                   process);
    else if (sight == SIGHT_NONE)
        ffitap_say("process %s: it keeps no statistics; run it under 'ffitap stat -o DIR'",
                   process);
    else if (sight == SIGHT_REMOVED)
        ffitap_say("process %s: its statistics file was removed while it ran", process);
    else
        ffitap_say("process %s: %s", process, strerror(reason));
    return false;
}

static bool init_process(struct ffitap_target *target)
{
    char *file = NULL;
    const enum sight sight = look_at_process(target->name, &file);

    if (sight != SIGHT_FILE || !file)
        return refuse_process(target->name, sight);
    target->recording.token = strdup("");
    note_file(target, file);
    return true;
}

static void follow_process(struct ffitap_target *target)
{
    static const char *const states[] = {
        [SIGHT_FILE] = "running",
        [SIGHT_REMOVED] = "running on, statistics removed; the last figures",
        [SIGHT_NONE] = "running on without statistics; the last figures",
        [SIGHT_GONE] = "the process has ended; its last figures",
        [SIGHT_FORBIDDEN] = "running on out of reach; the last figures",
    };
    char *file = NULL;
    const enum sight sight = look_at_process(target->name, &file);

    if (file)
        note_file(target, file);
    if (sight == SIGHT_FILE)
        target->seen_ns = wall_ns();
    target->now_ns = target->seen_ns;
    target->state = states[sight];
}

static bool has_folder(const struct ffitap_target *target)
{
    struct stat status;
    char *folder = ffitap_recording_statistics(&target->recording, target->name);

    if (!folder)
        return false;
    const bool found = stat(folder, &status) == 0 && S_ISDIR(status.st_mode);
    free(folder);
    return found;
}

static bool init_directory(struct ffitap_target *target)
{
    char why[256];

    if (ffitap_recording_read(&target->recording, target->name, why, sizeof why) != 0) {
        ffitap_say("%s: %s", target->name, why);
        return false;
    }
    if (has_folder(target))
        return true;
    ffitap_say("%s: it holds no statistics; 'ffitap stat -o' and 'ffitap record' keep some",
               target->name);
    ffitap_recording_fini(&target->recording);
    return false;
}

static void follow_directory(struct ffitap_target *target)
{
    struct ffitap_recording recording;
    char why[256];
    const bool is_there = ffitap_recording_read(&recording, target->name, why, sizeof why) == 0;

    if (is_there) {
        ffitap_recording_fini(&target->recording);
        target->recording = recording;
    }
    target->now_ns = ffitap_recording_end_ns(&target->recording);
    const bool is_running = !target->recording.ended && target->now_ns;
    if (is_running && is_there)
        target->seen_ns = target->now_ns;
    if (!target->now_ns || !is_there)
        target->now_ns = target->seen_ns;
    target->state = !is_there    ? "its directory is gone; the last figures"
                    : is_running ? "running"
                                 : "the program has ended; its last figures";
}

bool ffitap_target_init(struct ffitap_target *target, const char *name)
{
    *target = (struct ffitap_target){
        .name = name,
        .is_process = *name && strspn(name, "0123456789") == strlen(name),
    };
    if (!(target->is_process ? init_process(target) : init_directory(target)))
        return false;
    ffitap_target_follow(target);
    return true;
}

void ffitap_target_follow(struct ffitap_target *target)
{
    if (target->is_process)
        follow_process(target);
    else
        follow_directory(target);
}

struct ffitap_live_source ffitap_target_source(const struct ffitap_target *target)
{
    return (struct ffitap_live_source){
        .recording = &target->recording,
        .directory = target->is_process ? NULL : target->name,
        .file = target->file,
        .now_ns = target->now_ns,
    };
}

void ffitap_target_fini(struct ffitap_target *target)
{
    ffitap_recording_fini(&target->recording);
    free(target->file);
    *target = (struct ffitap_target){0};
}
