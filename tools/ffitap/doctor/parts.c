/* ffitap doctor: ffitap's own parts, and whether they work here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ffitap/doctor/ask.h"
#include "ffitap/doctor/linker.h"
#include "ffitap/doctor/parts.h"
#include "program/layout.h"
#include "recorder/directory.h"
#include "recorder/install_path.h"
#include "recorder/message.h"
#include "recorder/package.h"
#include "recorder/preload.h"

#define TRIAL_SECONDS 60

/* Says that the dynamic linker does not find `missing`, which `path` is linked with. */
static void say_missing(struct ffitap_findings *findings, enum ffitap_level level,
                        const char *subject, const char *path, const char *missing)
{
    const char *package = ffitap_package_of(missing);
    char *advice = package
                       ? g_strdup_printf("install the package that has it, %s on Debian", package)
                       : g_strdup("install the package that has it");

    ffitap_findings_add(findings, level, subject, advice,
                        "%s needs %s, which the dynamic linker does not find", path, missing);
    g_free(advice);
}

/* Says whether the library records anything, with the tap that it finds. */
static bool look_at_layout(struct ffitap_findings *findings, enum ffitap_level level,
                           const char *subject, const char *path,
                           const struct ffitap_linked *linked)
{
    const char *tap = ffitap_linked_borrow(linked, FFITAP_TAP);

    if (!tap || ffitap_layout_agree(path, tap)) {
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, subject, NULL, "%s", path);
        return true;
    }
    ffitap_findings_add(findings, level, subject, "install ffitap anew, all of it",
                        "%s is of another build than %s, and records nothing with it", path, tap);
    ffitap_findings_name_file(findings, tap);
    return false;
}

/* The library's path, to be freed, if the dynamic linker would load it; else NULL. */
static char *look_at_library(struct ffitap_findings *findings, enum ffitap_level level,
                             const char *subject, const char *directory, const char *name)
{
    char *path = g_strdup_printf("%s/%s", directory, name);
    struct ffitap_linked linked;

    if (access(path, R_OK) != 0) {
        ffitap_findings_add(findings, level, subject, "install ffitap completely", "%s: %s", path,
                            strerror(errno));
        g_free(path);
        return NULL;
    }
    bool loads = ffitap_linked_init(&linked, path, NULL);
    if (linked.missing)
        say_missing(findings, level, subject, path, linked.missing);
    else if (!loads)
        ffitap_findings_add(findings, level, subject, "install ffitap anew", "%s: %s", path,
                            linked.complaint ? linked.complaint
                                             : "the dynamic linker does not load it");
    else
        loads = look_at_layout(findings, level, subject, path, &linked);
    ffitap_findings_name_file(findings, path);
    if (!loads)
        g_clear_pointer(&path, g_free);
    ffitap_linked_fini(&linked);
    return path;
}

void ffitap_doctor_parts(struct ffitap_findings *findings, struct ffitap_parts *parts)
{
    *parts = (struct ffitap_parts){.directory =
                                       ffitap_install_path_find(FFITAP_BINDIR_TO_PRIVATE_LIBDIR)};
    if (!parts->directory) {
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "shim", "install ffitap completely",
                            "the directory of ffitap's libraries is not there");
        return;
    }
    if (strpbrk(parts->directory, FFITAP_PRELOAD_SEPARATORS)) {
        ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "shim", "install ffitap elsewhere",
                            "%s: LD_PRELOAD cannot name libraries in a directory with a space or a "
                            "colon in its name",
                            parts->directory);
        return;
    }
    parts->shim =
        look_at_library(findings, FFITAP_LEVEL_PROBLEM, "shim", parts->directory, FFITAP_SHIM);
    parts->provider = look_at_library(findings, FFITAP_LEVEL_WARNING, "provider", parts->directory,
                                      FFITAP_PROVIDER);
}

void ffitap_parts_fini(struct ffitap_parts *parts)
{
    free(parts->directory);
    g_free(parts->shim);
    g_free(parts->provider);
}

/* The first thing that the trial's ffitap had to say; g_free() it. */
static char *first_words(const struct ffitap_answer *answer)
{
    const char *errors = answer->errors ? answer->errors : "";
    const char *message = strstr(errors, "ffitap: ");
    const char *from = message ? message + strlen("ffitap: ") : errors;

    return *from ? g_strndup(from, strcspn(from, "\n")) : g_strdup("it ended without a word");
}

/* Whether a process came into the recording: `report` says so if none did. */
static bool has_process(const char *program, const char *recording)
{
    const char *const argv[] = {program, "report", "--json", recording, NULL};
    struct ffitap_answer answer;
    json_t *report = NULL;

    if (ffitap_ask(&answer, argv, NULL, TRIAL_SECONDS))
        report = json_loads(answer.output, 0, NULL);
    const bool has = json_array_size(json_object_get(report, "processes")) > 0 &&
                     json_array_size(json_object_get(report, "objects")) > 0;
    json_decref(report);
    ffitap_answer_fini(&answer);
    return has;
}

/* Lets `command` of ffitap run `ffitap --version`. Returns NULL, or why it failed, to be freed. */
static char *try_command(const char *program, const char *command, const char *directory)
{
    char *recording = g_build_filename(directory, command, NULL);
    const char *const argv[] = {program, command, "-o",        recording,
                                "--",    program, "--version", NULL};
    struct ffitap_answer answer;
    char *why = NULL;

    if (!ffitap_ask(&answer, argv, NULL, TRIAL_SECONDS))
        why = first_words(&answer);
    else if (!has_process(program, recording))
        why = g_strdup("the program that it ran is not in the recording");
    ffitap_answer_fini(&answer);
    g_free(recording);
    return why;
}

static bool try_and_say(struct ffitap_findings *findings, enum ffitap_level level,
                        const char *command, const char *directory)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *why = program ? try_command(program, command, directory) : g_strdup(strerror(errno));

    if (why)
        ffitap_findings_add(findings, level, command, NULL,
                            "does not work; tried with 'ffitap --version': %s", why);
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, command, NULL,
                            "works; tried with 'ffitap --version'");
    const bool works = !why;
    g_free(why);
    free(program);
    return works;
}

/* Makes the directory without a message. False, with errno set, if there is no place for it. */
static bool make_quietly(struct ffitap_directory *directory)
{
    char message[1];

    ffitap_message_keep(message, sizeof message);
    const bool made = ffitap_directory_create_temporary(directory);
    ffitap_message_keep(NULL, 0);
    return made;
}

void ffitap_doctor_trial(struct ffitap_findings *findings, struct ffitap_parts *parts)
{
    struct ffitap_directory directory = {0};

    if (!parts->shim)
        return; /* said already */
    if (!make_quietly(&directory)) {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "stat", "set TMPDIR to another place",
                            "there is no place for temporary files: %s", strerror(errno));
        return;
    }
    parts->stat_works = try_and_say(findings, FFITAP_LEVEL_PROBLEM, "stat", directory.path);
    if (parts->provider)
        try_and_say(findings, FFITAP_LEVEL_WARNING, "record", directory.path);
    ffitap_directory_undo(&directory);
    ffitap_directory_fini(&directory);
}
