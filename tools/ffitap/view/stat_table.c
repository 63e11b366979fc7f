#include "ffitap/view/stat_table.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder/clock.h"
#include "recorder/message.h"
#include "report/write/summary.h"

/* As many rows as a user looks at; a file gets all of them. */
#define ROWS_ON_A_TERMINAL 30

static void write_all(const char *text, size_t length)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};

    while (length > 0) {
        const ssize_t written = write(STDERR_FILENO, text, length);
        if (written >= 0) {
            text += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) { /* the program made it non-blocking */
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return; /* nobody is left to tell */
        }
    }
}

/* `title`, perhaps empty, stands above the table. */
static void print(const struct ffitap_recording *recording, const char *title,
                  const struct timespec *now, const char *directory)
{
    const struct ffitap_summary_options options = {
        .directory = directory,
        .now_ns = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec,
        .row_limit = isatty(STDERR_FILENO) ? ROWS_ON_A_TERMINAL : 0,
    };
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    if (stream) {
        fprintf(stream, "\n%s", title);
        ffitap_summary_write(stream, recording, &options);
    }
    if (stream && fclose(stream) == 0)
        write_all(text, length);
    else
        ffitap_say("no table: %s", strerror(errno));
    free(text);
}

void ffitap_stat_table_meanwhile(const struct ffitap_recording *recording, const char *directory,
                                 uint64_t elapsed_ns)
{
    struct ffitap_recording so_far = *recording; /* borrows all of it */
    struct timespec now;
    struct tm parts;
    char date[40], title[100];

    so_far.duration_ns = elapsed_ns;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &parts);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
    snprintf(title, sizeof title, "ffitap: %s, after %.2f s\n", date,
             (double)elapsed_ns / (double)FFITAP_SECOND_NS);
    print(&so_far, title, &now, directory);
}

void ffitap_stat_table_final(const struct ffitap_recording *recording, const char *directory)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    print(recording, "", &now, directory);
}
