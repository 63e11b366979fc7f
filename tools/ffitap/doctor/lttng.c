/* ffitap doctor: LTTng, without which `ffitap record` does not work. */
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ffitap/doctor/ask.h"
#include "ffitap/doctor/linker.h"
#include "ffitap/doctor/lttng.h"
#include "recorder/child.h"
#include "recorder/lttng/control.h"
#include "recorder/lttng/system_daemon.h"
#include "recorder/preload.h"

#define DAEMON           "lttng-sessiond"
#define GROUP            "tracing"
#define COMMON_LIBRARY   "liblttng-ust-common.so"
#define PATIENCE_SECONDS 20

/* How long "2.13" in "2.13.9" is. That much has to agree; the rest tells repairs apart. */
static size_t series_length(const char *version)
{
    const char *first = strchr(version, '.');

    return first ? (size_t)(first + 1 - version) + strcspn(first + 1, ".") : strlen(version);
}

static bool same_series(const char *one, const char *other)
{
    const size_t length = series_length(one);

    return length == series_length(other) && strncmp(one, other, length) == 0;
}

static void compare_versions(struct ffitap_findings *findings, const char *path, char *version)
{
    g_strchomp(version);
    if (same_series(version, FFITAP_LTTNG_VERSION))
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, DAEMON, NULL,
                            "%s, version %s; ffitap was built with %s of its library", path,
                            version, FFITAP_LTTNG_VERSION);
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, DAEMON,
                            "install lttng-tools as it was when ffitap was built, or build anew",
                            "%s, version %s, does not go with %s of its library, with which ffitap "
                            "was built",
                            path, version, FFITAP_LTTNG_VERSION);
    ffitap_findings_name_file(findings, path);
}

/*
 * Looks for the session daemon and at its version. Returns the daemon's path, to be freed, or NULL.
 */
static char *look_at_daemon(struct ffitap_findings *findings)
{
    char *path = NULL;
    const int error = ffitap_child_find(DAEMON, &path);
    struct ffitap_answer answer;

    if (error) {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, DAEMON,
                            "install lttng-tools; 'ffitap stat' does without",
                            "not found in PATH (%s), so that 'ffitap record' does not work",
                            strerror(error));
        return NULL;
    }
    const char *const argv[] = {path, "--version", NULL};
    if (ffitap_ask(&answer, argv, NULL, PATIENCE_SECONDS)) {
        compare_versions(findings, path, answer.output);
    } else {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, DAEMON, "install lttng-tools anew",
                            "%s does not tell its version", path);
        ffitap_findings_name_file(findings, path);
    }
    ffitap_answer_fini(&answer);
    return path;
}

static void look_at_control_library(struct ffitap_findings *findings)
{
    if (dlopen(FFITAP_LTTNG_LIBRARY, RTLD_LAZY))
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "lttng-ctl", NULL, "%s can be loaded",
                            FFITAP_LTTNG_LIBRARY);
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "lttng-ctl", "install lttng-tools",
                            "%s", dlerror());
}

/* Programs and the daemon talk to each other through LTTng, of which this library is a part: both
 * must find the same one. */
static void compare_libraries(struct ffitap_findings *findings, const char *programs,
                              const struct ffitap_linked *daemon)
{
    const char *daemons = ffitap_linked_borrow(daemon, COMMON_LIBRARY);
    char *one = programs ? realpath(programs, NULL) : NULL;
    char *other = daemons ? realpath(daemons, NULL) : NULL;

    if (one && other && strcmp(one, other) == 0)
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "lttng-ust", NULL,
                            "programs and " DAEMON " have the same: %s", programs);
    else if (one && other)
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "lttng-ust",
                            "see to it that one LTTng is installed, and LD_LIBRARY_PATH names no "
                            "other",
                            "programs load %s and " DAEMON " loads %s", programs, daemons);
    free(one);
    free(other);
}

static void look_at_helpers(struct ffitap_findings *findings, const struct ffitap_parts *parts)
{
    static const char *const names[] = {FFITAP_FORK_LIBRARY, FFITAP_DESCRIPTOR_LIBRARY};
    struct ffitap_linked linked;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        ffitap_linked_init(&linked, parts->shim, names[i]);
        if (!ffitap_linked_borrow(&linked, names[i]))
            ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "lttng-ust",
                                "install the package that has it, liblttng-ust1 on Debian",
                                "%s: the dynamic linker does not find it", names[i]);
        ffitap_linked_fini(&linked);
    }
}

static void look_at_tracer(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                           const char *daemon)
{
    struct ffitap_linked programs, daemons;

    if (!parts->shim || !parts->provider)
        return; /* said already */
    look_at_helpers(findings, parts);
    if (!daemon)
        return;
    if (ffitap_linked_init(&programs, parts->provider, NULL)) {
        ffitap_linked_init(&daemons, daemon, NULL);
        compare_libraries(findings, ffitap_linked_borrow(&programs, COMMON_LIBRARY), &daemons);
        ffitap_linked_fini(&daemons);
    }
    ffitap_linked_fini(&programs);
}

/* The daemon whose process number is in the file, if it runs; else 0. */
static pid_t running_daemon(const char *directory)
{
    char *path = g_build_filename(directory, DAEMON ".pid", NULL);
    char *text = NULL, *name = NULL, *comm = NULL;
    pid_t pid = 0;

    if (g_file_get_contents(path, &text, NULL, NULL))
        pid = (pid_t)strtol(text, NULL, 10);
    name = g_strdup_printf("/proc/%d/comm", (int)pid);
    if (pid <= 0 || !g_file_get_contents(name, &comm, NULL, NULL) ||
        strcmp(g_strchomp(comm), DAEMON) != 0)
        pid = 0;
    g_free(comm);
    g_free(name);
    g_free(text);
    g_free(path);
    return pid;
}

static void say_running(struct ffitap_findings *findings, const char *whose, const char *directory)
{
    const pid_t pid = running_daemon(directory);

    if (pid)
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "daemon", NULL,
                            "%s session daemon runs as process %d", whose, (int)pid);
}

static void look_for_running_daemons(struct ffitap_findings *findings)
{
    const char *home = getenv("LTTNG_HOME");

    say_running(findings, "the system's", FFITAP_SYSTEM_DAEMON_DIRECTORY);
    if (getuid() == 0 || (!home && !(home = getenv("HOME"))))
        return;
    char *directory = g_build_filename(home, ".lttng", NULL);
    say_running(findings, "your own", directory);
    g_free(directory);
}

static void look_at_group(struct ffitap_findings *findings)
{
    const struct group *group = getgrnam(GROUP);
    gid_t groups[1024];

    if (getuid() == 0) {
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "group", NULL,
                            "root may use the system's session daemon");
        return;
    }
    const int count = getgroups(G_N_ELEMENTS(groups), groups);
    for (int i = 0; group && i < count; i++) {
        if (groups[i] == group->gr_gid) {
            ffitap_findings_add(findings, FFITAP_LEVEL_OK, "group", NULL,
                                "you are in the group '" GROUP "' and may use the system's "
                                "session daemon");
            return;
        }
    }
    ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "group", NULL,
                        "%s: lttng(1) has the system's session daemon for others than you; 'ffitap "
                        "record' does not need it",
                        group ? "you are not in the group '" GROUP "'"
                              : "there is no group '" GROUP "'");
}

/* Tries to mount in a process of its own, so that the mounts are gone with that process. */
static bool may_isolate(void)
{
    int status = 0;
    const pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0);
    return pid > 0 && TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) == pid && status == 0;
}

static void look_at_isolation(struct ffitap_findings *findings)
{
    if (getuid() != 0 || may_isolate())
        ffitap_findings_add(findings, FFITAP_LEVEL_OK, "daemon", NULL,
                            "each recording starts a session daemon of its own");
    else
        ffitap_findings_add(findings, FFITAP_LEVEL_NOTE, "daemon",
                            "give the container CAP_SYS_ADMIN, or do not record as root",
                            "root may not mount here: recordings share the system's session "
                            "daemon, which is started if none runs");
}

void ffitap_doctor_lttng(struct ffitap_findings *findings, const struct ffitap_parts *parts)
{
    char *daemon = look_at_daemon(findings);

    look_at_control_library(findings);
    look_at_tracer(findings, parts, daemon);
    look_at_isolation(findings);
    look_for_running_daemons(findings);
    look_at_group(findings);
    free(daemon);
}
