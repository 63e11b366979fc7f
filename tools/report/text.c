#include "report/text.h"

#include <string.h>

#include <glib.h>

json_t *ffitap__text_json_sized(const char *bytes, size_t size)
{
    char *valid = g_utf8_make_valid(bytes, (gssize)size);
    json_t *string = json_string(valid);

    g_free(valid);
    return string;
}

json_t *ffitap__text_json(const char *text)
{
    return ffitap__text_json_sized(text, strlen(text));
}
