#include "report/model/sink.h"

void ffitap__feed_damage_as(const struct ffitap__report_sink *sink, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ffitap__feed_damage(sink, sentence);
    g_free(sentence);
}
