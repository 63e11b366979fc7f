#include "report/base/strings.h"

#include <glib.h>

struct ffitap__strings {
    GStringChunk *chunk;
};

struct ffitap__strings *ffitap__strings_create(void)
{
    struct ffitap__strings *strings = g_new(struct ffitap__strings, 1);

    strings->chunk = g_string_chunk_new(4096);
    return strings;
}

void ffitap__strings_destroy(struct ffitap__strings *strings)
{
    g_string_chunk_free(strings->chunk);
    g_free(strings);
}

const char *ffitap__strings_intern(struct ffitap__strings *strings, const char *text)
{
    return g_string_chunk_insert_const(strings->chunk, text);
}
