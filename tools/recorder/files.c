#include "recorder/files.h"

#include <string.h>

#include <glib.h>

bool ffitap_files_find(const char *directory, const char *pattern, glob_t *found)
{
    GString *whole = g_string_new(NULL);

    for (const char *c = directory; *c; c++)
        g_string_append_printf(whole, strchr("\\*?[", *c) ? "\\%c" : "%c", *c);
    g_string_append_printf(whole, "/%s", pattern);
    const bool any = glob(whole->str, GLOB_NOSORT, NULL, found) == 0;

    g_string_free(whole, TRUE);
    return any;
}
