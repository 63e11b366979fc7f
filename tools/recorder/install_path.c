#include "recorder/install_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/message.h"

/* The path where the file would be; the caller frees it. NULL, having said why, if it cannot be
 * found out. */
static char *expect(const char *relative)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *path = NULL;

    if (!program) {
        ffitap_say("/proc/self/exe: %s", strerror(errno));
        return NULL;
    }
    *strrchr(program, '/') = '\0';
    if (asprintf(&path, "%s/%s", program, relative) < 0)
        path = NULL;
    free(program);
    return path;
}

char *ffitap_install_path_find(const char *relative)
{
    char *path = expect(relative);
    char *found = path ? realpath(path, NULL) : NULL;

    if (path && !found)
        ffitap_say("%s: %s; is ffitap installed completely?", path, strerror(errno));
    free(path);
    return found;
}

char *ffitap_install_path_look(const char *relative)
{
    char *path = expect(relative);
    char *found = path ? realpath(path, NULL) : NULL;

    free(path);
    return found;
}
