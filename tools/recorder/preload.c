#include "recorder/preload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program/layout.h"
#include "recorder/install_path.h"
#include "recorder/message.h"
#include "tap/base/environment.h"

/*
 * The dynamic linker runs the constructors of preloaded objects from the last to the first: LTTng
 * and the provider are ready when the shim's constructor looks around.
 */
static const char *const own_libraries[] = {FFITAP_SHIM, FFITAP_PROVIDER};

/* How many of these libraries each purpose takes. */
static const size_t own_count[] = {
    [FFITAP_PRELOAD_NOTHING] = 0,
    [FFITAP_PRELOAD_COUNTING] = 1,
    [FFITAP_PRELOAD_TRACING] = sizeof own_libraries / sizeof *own_libraries,
};

/* Appends ":path" to `*list`, which it replaces. */
static bool append(char **list, const char *directory, const char *name)
{
    char *longer;
    const char *slash = *directory ? "/" : "";

    if (asprintf(&longer, "%s%s%s%s%s", *list, **list ? ":" : "", directory, slash, name) < 0)
        return false;
    free(*list);
    *list = longer;
    return true;
}

/* The path of a library of ours, to be freed. NULL, having said why, if it is missing. */
static char *find_own(const char *directory, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", directory, name) < 0)
        return NULL;
    if (access(path, R_OK) == 0)
        return path;
    ffitap_say("%s: %s; is ffitap installed completely?", path, strerror(errno));
    free(path);
    return NULL;
}

/*
 * Whether the library, which is there, can work with the tap that lies beside it. If not, there is
 * a message. With a tap of another build the shim would hook nothing. So a recording would be
 * empty, and nothing would protect the program from LTTng, which aborts if its descriptors are
 * closed.
 */
static bool suits(const char *path, const char *tap)
{
    const bool agree = ffitap_layout_agree(path, tap);

    if (!agree)
        ffitap_say("%s is of another build than %s: install ffitap anew", path, tap);
    return agree;
}

/* Appends the first `count` of our libraries. False, having said why, if they would not do. */
static bool append_own(char **list, const char *directory, size_t count)
{
    char *tap = count ? find_own(directory, FFITAP_TAP_FILE) : NULL;
    bool complete = tap || !count;

    for (size_t i = 0; complete && i < count; i++) {
        char *path = find_own(directory, own_libraries[i]);

        complete = path && suits(path, tap) && append(list, directory, own_libraries[i]);
        free(path);
    }
    free(tap);
    return complete;
}

/* The value of LD_PRELOAD, to be freed. NULL, having said why, if a library would not do. */
static char *make_list(enum ffitap_preload what)
{
    const char *present = getenv("LD_PRELOAD");
    char *list = strdup(present ? present : "");
    char *directory = ffitap_install_path_find(FFITAP_BINDIR_TO_PRIVATE_LIBDIR);
    bool complete = list && directory;

    if (complete && strpbrk(directory, FFITAP_PRELOAD_SEPARATORS)) {
        ffitap_say("%s: LD_PRELOAD cannot name libraries in a directory with a space or a colon "
                   "in its name",
                   directory);
        complete = false;
    }
    complete = complete && append_own(&list, directory, own_count[what]);
    if (what == FFITAP_PRELOAD_TRACING)
        complete = complete && append(&list, "", FFITAP_FORK_LIBRARY) &&
                   append(&list, "", FFITAP_DESCRIPTOR_LIBRARY);
    free(directory);
    if (complete)
        return list;
    free(list);
    return NULL;
}

static bool is_ours(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof own_libraries / sizeof *own_libraries; i++) {
        if (strcmp(name, own_libraries[i]) == 0)
            return true;
    }
    return strcmp(name, FFITAP_FORK_LIBRARY) == 0 || strcmp(name, FFITAP_DESCRIPTOR_LIBRARY) == 0;
}

/* The list `present` without what a recording adds to it. `present` itself is taken apart. */
static char *without_ours(char *present)
{
    char *rest, *list = strdup("");

    for (char *name = strtok_r(present, ": ", &rest); list && name;
         name = strtok_r(NULL, ": ", &rest)) {
        if (!is_ours(name) && !append(&list, "", name)) {
            free(list);
            list = NULL;
        }
    }
    return list;
}

/* Starts ffitap anew as `title`, "ffitap record", with the arguments behind it in `argv`. */
static void start_anew(const char *title, int argc, const char **argv)
{
    const char **words = calloc((size_t)argc + 2, sizeof *words);

    if (!words)
        return;
    words[0] = "ffitap";
    words[1] = strchr(title, ' ') + 1;
    for (int i = 1; i < argc; i++)
        words[i + 1] = argv[i];
    /* A system call of our own, so that the shim of the outer recording leaves no note: nothing of
     * that recording goes missing. */
    syscall(SYS_execve, "/proc/self/exe", words, environ);
    free(words);
}

bool ffitap_preload_unset(void)
{
    static const char *const names[] = {FFITAP__ENV_RECORDING, FFITAP__ENV_STAT_DIR,
                                        FFITAP__ENV_FILTER};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (unsetenv(names[i]) != 0)
            return false;
    }
    return true;
}

void ffitap_preload_shed(int argc, const char **argv)
{
    const char *present = getenv("LD_PRELOAD");

    if (!present || !getenv(FFITAP__ENV_RECORDING))
        return;
    char *copy = strdup(present);
    char *list = copy ? without_ours(copy) : NULL;
    /* Once the variables are gone, the new ffitap does not come here again. */
    if (list && ffitap_preload_unset() &&
        (*list ? setenv("LD_PRELOAD", list, 1) : unsetenv("LD_PRELOAD")) == 0)
        start_anew(argv[0], argc, argv);
    free(list);
    free(copy);
}

static bool assigns(const char *entry, const char *name)
{
    const size_t length = strlen(name);

    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static char *make_entry(const char *name, const char *value)
{
    char *entry;

    return asprintf(&entry, "%s=%s", name, value) < 0 ? NULL : entry;
}

/* Sets `name` in `environment`, which has room for one more. */
static bool assign(char **environment, const char *name, const char *value)
{
    while (*environment && !assigns(*environment, name))
        environment++;
    char *entry = make_entry(name, value);
    if (!entry)
        return false;
    free(*environment);
    *environment = entry;
    return true;
}

/*
 * Makes a copy of ffitap's own environment in which `variables` are set. NULL if memory is short.
 */
static char **extend_environment(const char *preload, const struct ffitap_variable *variables,
                                 size_t variable_count)
{
    size_t count = 0;

    while (environ && environ[count])
        count++;
    char **environment = calloc(count + 1 + variable_count + 1, sizeof *environment);
    bool complete = environment != NULL;
    for (size_t i = 0; complete && i < count; i++)
        complete = (environment[i] = strdup(environ[i])) != NULL;
    complete = complete && assign(environment, "LD_PRELOAD", preload);
    for (size_t i = 0; complete && i < variable_count; i++)
        complete =
            !variables[i].value || assign(environment, variables[i].name, variables[i].value);
    if (complete)
        return environment;
    ffitap_preload_free_environment(environment);
    return NULL;
}

char **ffitap_preload_environment(enum ffitap_preload what, const struct ffitap_variable *variables,
                                  size_t count)
{
    char *preload = make_list(what);

    if (!preload)
        return NULL;
    char **environment = extend_environment(preload, variables, count);
    if (!environment)
        ffitap_say("%s", strerror(ENOMEM));
    free(preload);
    return environment;
}

void ffitap_preload_free_environment(char **environment)
{
    for (char **entry = environment; entry && *entry; entry++)
        free(*entry);
    free(environment);
}
