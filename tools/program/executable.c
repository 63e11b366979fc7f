#include "program/executable.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <glib.h>

#include "program/elf_file.h"
#include "program/script.h"

/*
 * Why the dynamic linker would preload nothing, in words that can stand behind the program's name:
 * the file is gone, or it gives privileges, which make the linker careful. NULL if neither is so.
 */
static const char *find_privilege(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return "which is not there any more";
    if (!S_ISREG(status.st_mode))
        return "which is no file any more";
    if (status.st_mode & S_ISUID)
        return "which is set-user-ID";
    if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
        return "which is set-group-ID";
    return getxattr(path, "security.capability", NULL, 0) > 0 ? "which is given capabilities"
                                                              : NULL;
}

static const char *find_kind(const char *path)
{
    struct ffitap_elf_file file;
    const char *obstacle = NULL;

    if (ffitap_elf_file_open(&file, path))
        return NULL; /* a file that cannot be read tells nothing */
    if (!file.is_native)
        obstacle = "which is for another architecture than ffitap's libraries";
    else if (!file.interpreter)
        obstacle = "which is statically linked";
    else if (strstr(file.interpreter, "ld-musl"))
        obstacle = "which is built for musl, and ffitap's libraries for the GNU C library";
    ffitap_elf_file_close(&file);
    return obstacle;
}

static const char *find_obstacle(const char *path)
{
    const char *obstacle = find_privilege(path);

    return obstacle ? obstacle : find_kind(path);
}

/* The file that the kernel runs in the end for `path`, to be released. `*scripts` is how many
 * scripts lead to it. */
static char *follow_scripts(const char *path, int *scripts)
{
    char *file = g_strdup(path);
    struct ffitap_script script;

    for (*scripts = 0; *file == '/' && *scripts < FFITAP_SCRIPT_INTERPRETER_MAX; ++*scripts) {
        if (ffitap_script_read(&script, file) != FFITAP_FILE_SCRIPT)
            break;
        g_free(file);
        file = g_strdup(script.interpreter);
    }
    return file;
}

/* The kernel takes no privileges from a script's file. */
char *ffitap__executable_obstacle(const char *path)
{
    int scripts;
    char *file = follow_scripts(path, &scripts), *result = NULL;
    /* A relative name is one in the directory that the process was in, which was not noted. */
    const char *obstacle = *file == '/' ? find_obstacle(file) : NULL;

    if (obstacle && scripts)
        result = g_strdup_printf("a script that is run by %s, %s", file, obstacle);
    else if (obstacle)
        result = g_strdup(obstacle);
    g_free(file);
    return result;
}
