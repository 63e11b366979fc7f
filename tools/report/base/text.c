#include "report/base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

char *ffitap__text_line(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    GString *line = g_string_new(NULL);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        const gunichar character = g_utf8_get_char(at);
        g_string_append_unichar(line, g_unichar_iscntrl(character) ? '?' : character);
    }
    g_free(valid);
    return g_string_free(line, FALSE);
}

/* Three digits, whatever the magnitude. */
static void three_digits(char *text, double value, const char *unit)
{
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

    g_snprintf(text, FFITAP__DURATION_SIZE, "%.*f %s", decimals, value, unit);
}

void ffitap__text_duration(char text[FFITAP__DURATION_SIZE], uint64_t ns)
{
    const uint64_t seconds = ns / 1000000000;

    if (ns < 1000)
        g_snprintf(text, FFITAP__DURATION_SIZE, "%u ns", (unsigned)ns);
    else if (ns < 999500)
        three_digits(text, (double)ns / 1e3, "us");
    else if (ns < 999500000)
        three_digits(text, (double)ns / 1e6, "ms");
    else if (seconds < 100)
        three_digits(text, (double)ns / 1e9, "s");
    else if (seconds < 6000)
        g_snprintf(text, FFITAP__DURATION_SIZE, "%um %02us", (unsigned)(seconds / 60),
                   (unsigned)(seconds % 60));
    else
        g_snprintf(text, FFITAP__DURATION_SIZE, "%" G_GUINT64_FORMAT "h %02um", seconds / 3600,
                   (unsigned)(seconds / 60 % 60));
}

void ffitap__text_time(char text[FFITAP__TIME_SIZE], int64_t ns_since_1970)
{
    const time_t seconds = (time_t)(ns_since_1970 / 1000000000);
    struct tm calendar;
    char date[32] = "";

    if (gmtime_r(&seconds, &calendar))
        strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &calendar);
    g_snprintf(text, FFITAP__TIME_SIZE, "%s.%09uZ", date, (unsigned)(ns_since_1970 % 1000000000));
}

bool ffitap__text_read_time(int64_t *ns_since_1970, const char *time)
{
    struct tm calendar = {0};
    const char *fraction = strptime(time, "%Y-%m-%dT%H:%M:%S", &calendar);
    char *end;

    if (!fraction || fraction[0] != '.' || !g_ascii_isdigit(fraction[1]))
        return false;
    const unsigned long ns = strtoul(fraction + 1, &end, 10);
    const time_t seconds = timegm(&calendar);
    if (end - fraction != 10 || strcmp(end, "Z") != 0 || seconds < 0 ||
        seconds >= INT64_MAX / 2 / 1000000000)
        return false;
    *ns_since_1970 = (int64_t)seconds * 1000000000 + (int64_t)ns;
    return true;
}

int ffitap__text_explain(char *why, unsigned size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(why, size, format, arguments);
    va_end(arguments);
    return -1;
}
