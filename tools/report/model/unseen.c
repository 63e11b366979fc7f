#include "report/model/unseen.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/utsname.h>

#include "program/executable.h"
#include "tap/base/environment.h"
#include "tap/statistics/exec_note.h"

/* How long a program may take to load the tap before it counts as missing, while the recording goes
 * on. */
#define STARTING_NS UINT64_C(2000000000)

/* Whether the recording was made on this machine. Statistics that belong to no recording do not say
 * where they were kept. */
static bool is_this_host(const char *name)
{
    struct utsname host;

    return !name || !*name || (uname(&host) == 0 && strcmp(host.nodename, name) == 0);
}

void ffitap__unseen_prepare(struct ffitap__model *model, const struct ffitap_recording *recording)
{
    model->is_elsewhere = !is_this_host(recording->host);
    model->is_uncounted =
        recording->events && strcmp(recording->events, FFITAP_RECORDING_EVENTS_LOADS) == 0;
    if (recording->program)
        model->command_path = ffitap__strings_intern(model->strings, recording->program);
    if (!recording->ended && !model->is_elsewhere)
        model->now_ns = (uint64_t)g_get_monotonic_time() * 1000;
}

/* What is known while the notes are settled one by one. */
struct settling {
    struct ffitap__model *model;
    GHashTable *processes; /* pid -> GSList of struct ffitap__process */
    GHashTable *files;     /* path -> what to say of the file, which may run a thousand times */
};

/* Whether a process is the program of the note. If a process's start is not known, it is taken for
 * the note's: that is better than to report it as missing. */
static bool is_seen(const struct settling *settling, const struct ffitap__started *started)
{
    const GSList *item = g_hash_table_lookup(settling->processes, GINT_TO_POINTER(started->pid));

    for (; item; item = item->next) {
        const struct ffitap__process *process = item->data;
        if (!process->start_ns ||
            (process->start_ns >= started->moment_ns && process->start_ns < started->until_ns))
            return true;
    }
    return false;
}

/*
 * Whether the program may still come up. It will not if it lacks the variables or has ended. If the
 * clock is behind the note's moment, the machine was started anew since, and the program is gone.
 */
static bool is_starting(const struct ffitap__model *model, const struct ffitap__started *started)
{
    return !started->marks && started->moment_ns <= model->now_ns &&
           model->now_ns - started->moment_ns < STARTING_NS &&
           (kill(started->pid, 0) == 0 || errno == EPERM);
}

/* Other reasons why a program was not seen. If no statistics were wanted, the tap may also have
 * been there without leaving a sign. */
static const char *other_reasons(const struct ffitap__model *model)
{
    return model->is_uncounted
               ? "it ended before the dynamic linker loaded the tap, or the linker did not find "
                 "the tap, or LTTng delivered none of its events"
               : "it ended before the dynamic linker loaded the tap, or the linker did not find "
                 "the tap, or it could make no statistics file";
}

/*
 * The words that follow a program's name and say why it was not seen. They are in the model's pool.
 */
static const char *describe_file(struct ffitap__model *model, const char *path)
{
    char *obstacle = ffitap__executable_obstacle(path);
    char *words = obstacle ? g_strconcat(", ", obstacle, NULL)
                           : g_strconcat(": ", other_reasons(model), NULL);
    const char *kept = ffitap__strings_intern(model->strings, words);

    g_free(words);
    g_free(obstacle);
    return kept;
}

static const char *describe_file_once(struct settling *settling, const char *path)
{
    const char *words = g_hash_table_lookup(settling->files, path);

    if (!words) {
        words = describe_file(settling->model, path);
        g_hash_table_insert(settling->files, (gpointer)path, (gpointer)words);
    }
    return words;
}

static const char *describe_environment(unsigned marks)
{
    switch (marks & (FFITAP__EXEC_WITHOUT_PRELOAD | FFITAP__EXEC_WITHOUT_FOLDER)) {
    case FFITAP__EXEC_WITHOUT_PRELOAD:
        return ", and its environment lacked LD_PRELOAD as ffitap had set it";
    case FFITAP__EXEC_WITHOUT_FOLDER:
        return ", and its environment lacked " FFITAP__ENV_STAT_DIR " as ffitap had set it";
    default:
        return ", and its environment lacked LD_PRELOAD and " FFITAP__ENV_STAT_DIR
               " as ffitap had set them";
    }
}

static const char *describe_program(struct settling *settling,
                                    const struct ffitap__started *started)
{
    if (started->marks)
        return describe_environment(started->marks);
    if (started->is_whole && !settling->model->is_elsewhere)
        return describe_file_once(settling, started->path);
    char *words = g_strconcat(": it is statically linked, or set-user-ID, or ",
                              other_reasons(settling->model), NULL);
    const char *kept = ffitap__strings_intern(settling->model->strings, words);
    g_free(words);
    return kept;
}

static char *describe_started(struct settling *settling, const struct ffitap__started *started)
{
    if (!started->path)
        return g_strdup_printf("it ran a program of which nothing came and no note could be left: "
                               "%s",
                               g_strerror(started->failure));
    const char *path = *started->path ? started->path : "a program without a name";
    const char *words = describe_program(settling, started);
    return started->pid ? g_strdup_printf("it ran %s%s", path, words)
                        : g_strdup_printf("system(3) or popen(3) of process %d ran %s%s",
                                          started->parent, path, words);
}

static void add_unseen(struct settling *settling, const struct ffitap__started *started)
{
    char *why = describe_started(settling, started);
    const struct ffitap__unseen unseen = {
        .pid = started->pid,
        .why = ffitap__strings_intern(settling->model->strings, why),
    };

    g_free(why);
    g_array_append_val(settling->model->unseen, unseen);
}

static gint by_moment(gconstpointer a, gconstpointer b)
{
    const struct ffitap__started *left = a, *right = b;

    return (left->moment_ns > right->moment_ns) - (left->moment_ns < right->moment_ns);
}

static void describe_command(struct ffitap__model *model)
{
    if (!model->command_path || model->is_elsewhere)
        return;
    char *why = g_strdup_printf("it ran %s%s", model->command_path,
                                describe_file(model, model->command_path));
    model->command_why = ffitap__strings_intern(model->strings, why);
    g_free(why);
}

static void note_processes(struct settling *settling, const GPtrArray *processes)
{
    for (unsigned i = 0; i < processes->len; i++) {
        struct ffitap__process *process = g_ptr_array_index(processes, i);
        const gpointer key = GINT_TO_POINTER(process->pid);
        GSList *others = g_hash_table_lookup(settling->processes, key);
        g_hash_table_steal(settling->processes, key);
        g_hash_table_insert(settling->processes, key, g_slist_prepend(others, process));
    }
}

static void free_list(gpointer list)
{
    g_slist_free(list);
}

void ffitap__unseen_settle(struct ffitap__model *model)
{
    struct settling settling = {
        .model = model,
        .processes = g_hash_table_new_full(NULL, NULL, NULL, free_list),
        .files = g_hash_table_new(NULL, NULL),
    };

    note_processes(&settling, model->processes);
    note_processes(&settling, model->left_out);
    g_array_sort(model->started, by_moment);
    for (unsigned i = 0; i < model->started->len; i++) {
        const struct ffitap__started *started =
            &g_array_index(model->started, struct ffitap__started, i);
        if (!is_seen(&settling, started) && !is_starting(model, started))
            add_unseen(&settling, started);
    }
    describe_command(model);
    g_hash_table_destroy(settling.files);
    g_hash_table_destroy(settling.processes);
}
