#include "ffitap/doctor/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/script.h"
#include "recorder/child.h"
#include "recorder/message.h"

/* env(1) may follow itself, too. */
#define STEP_MAX 16

enum step { STEP_DONE, STEP_AGAIN, STEP_STUCK };

static void drop_first(GPtrArray *words, unsigned count)
{
    g_ptr_array_remove_range(words, 0, count);
}

static const char *word(const struct ffitap_doctor_command *command, unsigned index)
{
    return index < command->words->len ? g_ptr_array_index(command->words, index) : NULL;
}

/* Puts the script's path in the place of its name, and its interpreter before that. */
static void begin_with(struct ffitap_doctor_command *command, const char *interpreter,
                       const char *argument)
{
    drop_first(command->words, 1);
    g_ptr_array_insert(command->words, 0, command->path);
    command->path = NULL;
    if (argument)
        g_ptr_array_insert(command->words, 0, g_strdup(argument));
    /* The kernel does not look for the interpreter in PATH. */
    g_ptr_array_insert(command->words, 0,
                       strchr(interpreter, '/') ? g_strdup(interpreter)
                                                : g_strconcat("./", interpreter, NULL));
}

static enum step follow_script(struct ffitap_doctor_command *command,
                               struct ffitap_findings *findings, const struct ffitap_script *script)
{
    const char *argument = script->argument ? script->argument : "";

    ffitap_findings_add(findings, FFITAP_LEVEL_OK, "script", NULL, "%s is run by %s%s%s",
                        command->path, script->interpreter, *argument ? " " : "", argument);
    ffitap_findings_name_file(findings, command->path);
    begin_with(command, script->interpreter, script->argument);
    return STEP_AGAIN;
}

static void cut_off(struct ffitap_doctor_command *command, struct ffitap_findings *findings,
                    const char *by)
{
    command->is_cut_off = true;
    ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "environment",
                        "put ffitap behind env: env ... ffitap record ...",
                        "env %s takes LD_PRELOAD out of the environment, and with it ffitap", by);
}

static void assign(struct ffitap_doctor_command *command, struct ffitap_findings *findings,
                   const char *assignment)
{
    char *name = g_strndup(assignment, strcspn(assignment, "="));

    if (strcmp(name, "LD_PRELOAD") == 0)
        cut_off(command, findings, assignment);
    else
        setenv(name, strchr(assignment, '=') + 1, 1);
    g_free(name);
}

static void unassign(struct ffitap_doctor_command *command, struct ffitap_findings *findings,
                     const char *name)
{
    if (strcmp(name, "LD_PRELOAD") == 0)
        cut_off(command, findings, "-u LD_PRELOAD");
    else
        unsetenv(name);
}

/* Splits the string that follows -S into words, and puts these in its place. */
static void split(struct ffitap_doctor_command *command, const char *string)
{
    char **parts = NULL;
    int count = 0;

    g_shell_parse_argv(string, &count, &parts, NULL);
    for (int i = 0; i < count; i++)
        g_ptr_array_insert(command->words, 1 + i, g_strdup(parts[i]));
    g_strfreev(parts);
}

static bool has_prefix(const char *text, const char *prefix, const char **rest)
{
    *rest = text + strlen(prefix);
    return g_str_has_prefix(text, prefix);
}

/* Takes one option or assignment off the words behind "env". Returns whether there was one. */
static bool take_option(struct ffitap_doctor_command *command, struct ffitap_findings *findings)
{
    char *option = command->words->len > 1 ? g_ptr_array_steal_index(command->words, 1) : NULL;
    const char *rest;
    bool taken = option != NULL;

    if (!option)
        return false;
    if (strcmp(option, "-") == 0 || strcmp(option, "-i") == 0 ||
        strcmp(option, "--ignore-environment") == 0) {
        cut_off(command, findings, option);
        clearenv();
    } else if (strcmp(option, "-u") == 0 && command->words->len > 1) {
        unassign(command, findings, word(command, 1));
        g_ptr_array_remove_index(command->words, 1);
    } else if (has_prefix(option, "--unset=", &rest)) {
        unassign(command, findings, rest);
    } else if (has_prefix(option, "--split-string=", &rest) ||
               (has_prefix(option, "-S", &rest) && *rest)) {
        split(command, rest);
    } else if (strcmp(option, "-S") == 0 && command->words->len > 1) {
        char *string = g_ptr_array_steal_index(command->words, 1);
        split(command, string);
        g_free(string);
    } else if (strchr(option, '=') && *option != '-' && *option != '=') {
        assign(command, findings, option);
    } else {
        taken = false;
        g_ptr_array_insert(command->words, 1, g_steal_pointer(&option));
    }
    g_free(option);
    return taken;
}

static enum step follow_env(struct ffitap_doctor_command *command, struct ffitap_findings *findings)
{
    while (take_option(command, findings)) {
    }
    const char *next = word(command, 1);
    if (next && strcmp(next, "--") == 0)
        g_ptr_array_remove_index(command->words, 1);
    else if (next && *next == '-') {
        ffitap_findings_add(findings, FFITAP_LEVEL_WARNING, "environment",
                            "name the program itself, without env",
                            "what env %s does was not followed", next);
        return STEP_DONE;
    }
    if (command->words->len < 2)
        return STEP_DONE;
    drop_first(command->words, 1);
    g_clear_pointer(&command->path, free);
    return STEP_AGAIN;
}

/* Does what execvp(3) does with a file that the kernel refuses. */
static enum step follow_text(struct ffitap_doctor_command *command,
                             struct ffitap_findings *findings)
{
    ffitap_findings_add(findings, FFITAP_LEVEL_OK, "script", NULL,
                        "%s names no interpreter in its first line and is run by /bin/sh",
                        command->path);
    ffitap_findings_name_file(findings, command->path);
    begin_with(command, "/bin/sh", NULL);
    return STEP_AGAIN;
}

static enum step follow(struct ffitap_doctor_command *command, struct ffitap_findings *findings,
                        unsigned *interpreters)
{
    struct ffitap_script script;
    char *name = g_path_get_basename(command->path);
    const bool is_env = strcmp(name, "env") == 0;

    g_free(name);
    const enum ffitap_file_kind kind = ffitap_script_read(&script, command->path);
    if (kind == FFITAP_FILE_UNREADABLE)
        return STEP_DONE; /* it can be executed all the same; code that reads it will say so */
    if (kind == FFITAP_FILE_SCRIPT)
        return ++*interpreters > FFITAP_SCRIPT_INTERPRETER_MAX
                   ? STEP_STUCK
                   : follow_script(command, findings, &script);
    if (is_env)
        return follow_env(command, findings);
    return kind == FFITAP_FILE_ELF ? STEP_DONE : follow_text(command, findings);
}

static const char *advice_about(const char *name, int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return "correct the name, or install it";
    if (error == EACCES && !g_file_test(name, G_FILE_TEST_IS_DIR))
        return "make it executable, or name another";
    return "name another";
}

static int say_not_found(struct ffitap_doctor_command *command, struct ffitap_findings *findings,
                         int error)
{
    const char *name = word(command, 0);

    ffitap_findings_add(findings, FFITAP_LEVEL_PROBLEM, "program", advice_about(name, error),
                        "%s: %s", *name ? name : "''", strerror(error));
    return error == ENOENT || error == ENOTDIR ? FFITAP_EXIT_NOT_FOUND : FFITAP_EXIT_NOT_EXECUTABLE;
}

int ffitap_doctor_command_follow(struct ffitap_doctor_command *command,
                                 struct ffitap_findings *findings, const char **words)
{
    enum step step = STEP_AGAIN;
    unsigned interpreters = 0;

    *command = (struct ffitap_doctor_command){.words = g_ptr_array_new_with_free_func(free)};
    for (; *words; words++)
        g_ptr_array_add(command->words, g_strdup(*words));
    for (int i = 0; i < STEP_MAX && step == STEP_AGAIN; i++) {
        const int error = ffitap_child_find(word(command, 0), &command->path);
        if (error)
            return say_not_found(command, findings, error);
        step = follow(command, findings, &interpreters);
    }
    if (step == STEP_DONE) {
        g_ptr_array_add(command->words, NULL);
        return 0;
    }
    return say_not_found(command, findings, ELOOP);
}

void ffitap_doctor_command_fini(struct ffitap_doctor_command *command)
{
    free(command->path);
    g_ptr_array_unref(command->words);
}
