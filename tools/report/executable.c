#include "report/executable.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <glib.h>

#include "report/elf_file.h"

/* The kernel's: so much of a script is looked at, and so many interpreters may follow each other.
 */
#define HEAD_SIZE       256
#define INTERPRETER_MAX 5

/* Whether what the program may do more than who runs it makes the dynamic linker careful. */
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
        return NULL; /* whoever cannot read it cannot say */
    if (!file.is_x86_64)
        obstacle = "which is for another architecture than ffitap's libraries";
    else if (!file.interpreter)
        obstacle = "which is statically linked";
    else if (strstr(file.interpreter, "ld-musl"))
        obstacle = "which is built for musl, and ffitap's libraries for the GNU C library";
    ffitap_elf_file_close(&file);
    return obstacle;
}

/* The absolute path of a script's interpreter, to be released; NULL if it is no script. */
static char *find_interpreter(const char *path)
{
    char head[HEAD_SIZE] = "";
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (file < 0)
        return NULL;
    const ssize_t size = read(file, head, sizeof(head) - 1);
    close(file);
    if (size < 2 || strncmp(head, "#!", 2) != 0)
        return NULL;
    const char *name = head + 2 + strspn(head + 2, " \t");
    return *name == '/' ? g_strndup(name, strcspn(name, " \t\n")) : NULL;
}

static const char *find_obstacle(const char *path)
{
    const char *obstacle = find_privilege(path);

    return obstacle ? obstacle : find_kind(path);
}

/* The kernel takes no privileges from a script's file. */
char *ffitap__executable_obstacle(const char *path)
{
    char *file = g_strdup(path), *interpreter, *result = NULL;
    const char *obstacle;
    int steps = 0;

    while (steps < INTERPRETER_MAX && (interpreter = find_interpreter(file))) {
        g_free(file);
        file = interpreter;
        steps++;
    }
    obstacle = find_obstacle(file);
    if (obstacle && steps)
        result = g_strdup_printf("a script that is run by %s, %s", file, obstacle);
    else if (obstacle)
        result = g_strdup(obstacle);
    g_free(file);
    return result;
}
