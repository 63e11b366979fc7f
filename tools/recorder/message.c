#include "recorder/message.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#define PREFIX "ffitap: "

/* Where the first line goes instead of stderr. */
static struct {
    char *text; /* NULL: nowhere */
    size_t size;
} kept;

void ffitap_message_keep(char *text, size_t size)
{
    kept.text = text;
    kept.size = size;
    if (text)
        *text = '\0';
}

/* A name may hold any bytes. On a terminal it must be text in one line and must not move the
 * cursor. */
static void make_printable(char *text)
{
    const char *end;

    for (char *from = text; !g_utf8_validate(from, -1, &end); from = text + (end - text) + 1)
        text[end - text] = '?';
    for (char *at = text; *at; at = g_utf8_next_char(at)) {
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            memset(at, '?', (size_t)(g_utf8_next_char(at) - at));
    }
}

/* One write(2): the traced program may be writing to the same terminal. */
void ffitap_say(const char *format, ...)
{
    const int saved = errno;
    char line[3 * PATH_MAX] = PREFIX; /* two paths, and still what is wrong with them */
    const size_t room = sizeof line - sizeof PREFIX;
    va_list arguments;

    va_start(arguments, format);
    const int wanted = vsnprintf(line + strlen(PREFIX), room, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        return;

    if (kept.text) {
        if (!*kept.text)
            snprintf(kept.text, kept.size, "%s", line + strlen(PREFIX));
        errno = saved;
        return;
    }
    make_printable(line);
    const size_t length = strlen(line);
    line[length] = '\n';
    if (write(STDERR_FILENO, line, length + 1) < 0) {
        /* Nobody is left to tell. */
    }
    errno = saved;
}
