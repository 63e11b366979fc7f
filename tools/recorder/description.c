#include "recorder/description.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>

#include "recorder/child.h"
#include "recorder/message.h"
#include "report/base/text.h"

bool ffitap_description_make_token(char token[FFITAP_TOKEN_SIZE])
{
    unsigned char bytes[(FFITAP_TOKEN_SIZE - 1) / 2];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        ffitap_say("no random numbers: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        sprintf(token + 2 * i, "%02x", bytes[i]);
    return true;
}

static json_t *words_to_json(const char **words)
{
    json_t *array = json_array();

    for (; *words && array; words++) {
        if (json_array_append_new(array, ffitap__text_json(*words)) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}

/* The patterns of a list as they were written, without the blanks around them. */
static json_t *list_to_json(const char *list)
{
    json_t *array = json_array();
    char *copy = strdup(list ? list : ""), *rest;

    for (char *item = copy ? strtok_r(copy, ",", &rest) : NULL; item && array;
         item = strtok_r(NULL, ",", &rest)) {
        item += strspn(item, " ");
        for (char *end = item + strlen(item); end > item && end[-1] == ' '; end--)
            end[-1] = '\0';
        if (json_array_append_new(array, ffitap__text_json(item)) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    free(copy);
    return copy ? array : NULL;
}

static char *format_now(void)
{
    struct timespec now;
    struct tm parts;
    char date[32];
    char *text;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    return asprintf(&text, "%s.%09ldZ", date, now.tv_nsec) < 0 ? NULL : text;
}

/*
 * The file that will be run, to be freed. NULL if there is none, or if JSON cannot hold its name.
 */
static char *find_program(const char *name)
{
    char *found = NULL;
    char *path = ffitap_child_find(name, &found) == 0 ? realpath(found, NULL) : NULL;
    json_t *text = path ? json_string(path) : NULL;

    free(found);
    if (!text) {
        free(path);
        path = NULL;
    }
    json_decref(text);
    return path;
}

bool ffitap_description_init(struct ffitap_recording *recording,
                             const struct ffitap_description *description)
{
    struct utsname machine = {0};

    uname(&machine);
    *recording = (struct ffitap_recording){
        .token = strdup(description->token),
        .command = words_to_json(description->command),
        .program = find_program(description->command[0]),
        .host = strdup(machine.nodename),
        .start = format_now(),
        .mode = strdup(description->mode),
        .events = strdup(description->events),
        .filter = list_to_json(description->filter),
        .versions = json_pack("{s:s, s:s*, s:o}", "ffitap", FFITAP_VERSION, "lttng",
                              description->lttng, "kernel", ffitap__text_json(machine.release)),
    };
    return recording->token && recording->command && recording->host && recording->start &&
           recording->mode && recording->events && recording->filter && recording->versions;
}

bool ffitap_description_write(const struct ffitap_recording *recording, const char *directory)
{
    if (ffitap_recording_write(recording, directory) == 0)
        return true;
    ffitap_say("%s: cannot write into it: %s", directory, strerror(errno));
    return false;
}
