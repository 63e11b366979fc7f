#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

char *ffitap_place_find(const char *relative)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *path = NULL, *found = NULL;

    if (!program) {
        ffitap_say("/proc/self/exe: %s", strerror(errno));
        return NULL;
    }
    *strrchr(program, '/') = '\0';
    if (asprintf(&path, "%s/%s", program, relative) >= 0) {
        found = realpath(path, NULL);
        if (!found)
            ffitap_say("%s: %s; is ffitap installed completely?", path, strerror(errno));
        free(path);
    }
    free(program);
    return found;
}
