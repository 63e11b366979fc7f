/* ffitap top: shows what a program does while it runs, from its statistics. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ffitap/commands/command_line.h"
#include "ffitap/commands/commands.h"
#include "ffitap/view/screen.h"
#include "ffitap/view/target.h"
#include "recorder/clock.h"
#include "recorder/interval.h"
#include "recorder/message.h"
#include "report/write/live.h"

/* From this width on the whole table fits, with the names of functions. */
#define WIDE 130

#define FOOT "sort by: c calls, t time, w GIL wait; q quits"

/* What the user wants. */
struct request {
    char *interval; /* NULL: a second */
    char *sort;     /* NULL: by time */
    uint64_t interval_ns;
    enum ffitap_live_order order;
    int once;
};

struct view {
    struct ffitap_target target;
    struct ffitap_live *live;
    enum ffitap_live_order order;
};

static const struct {
    const char *name;
    int key;
    enum ffitap_live_order order;
} orders[] = {
    {"calls", 'c', FFITAP_LIVE_BY_CALLS},
    {"time", 't', FFITAP_LIVE_BY_TIME},
    {"wait", 'w', FFITAP_LIVE_BY_WAIT},
};

static const size_t order_count = sizeof orders / sizeof *orders;

static void look(struct view *view)
{
    ffitap_target_follow(&view->target);
    const struct ffitap_live_source source = ffitap_target_source(&view->target);
    ffitap_live_read(view->live, &source);
}

static void write_view(FILE *stream, const struct view *view, unsigned row_limit, bool all_columns)
{
    const struct ffitap_live_options options = {
        .recording = &view->target.recording,
        .order = view->order,
        .row_limit = row_limit,
        .all_columns = all_columns,
    };
    const time_t now = time(NULL);
    struct tm parts;
    char date[40];

    localtime_r(&now, &parts);
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
    fprintf(stream, "ffitap: %s, %s\n", date, view->target.state);
    ffitap_live_write(stream, view->live, &options);
}

static int show_once(struct view *view, const struct request *request)
{
    look(view);
    if (request->interval) { /* rates are then those of the pause */
        const struct timespec pause = {
            .tv_sec = (time_t)(request->interval_ns / FFITAP_SECOND_NS),
            .tv_nsec = (long)(request->interval_ns % FFITAP_SECOND_NS),
        };
        nanosleep(&pause, NULL);
        look(view);
    }
    write_view(stdout, view, 0, true);
    return ffitap_end_output();
}

static void show(struct ffitap_screen *screen, const struct view *view)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);

    ffitap_screen_measure(screen);
    if (stream)
        write_view(stream, view, screen->height, screen->width >= WIDE);
    if (stream && fclose(stream) == 0)
        ffitap_screen_show(screen, text, FOOT);
    free(text);
}

/* Returns whether to go on. */
static bool obey(struct view *view, int key)
{
    for (size_t i = 0; i < order_count; i++) {
        if (key == orders[i].key)
            view->order = orders[i].order;
    }
    return key != 'q' && key != FFITAP_SCREEN_END;
}

static int show_live(struct view *view, const struct request *request)
{
    struct ffitap_screen screen;
    uint64_t next_ns = 0;
    bool goes_on = true;

    if (!ffitap_screen_open(&screen))
        return FFITAP_EXIT_FAILED;
    while (goes_on) {
        if (ffitap_clock_ns() >= next_ns) {
            look(view);
            next_ns = ffitap_clock_ns() + request->interval_ns;
        }
        show(&screen, view);
        goes_on = obey(view, ffitap_screen_wait(&screen, next_ns));
    }
    ffitap_screen_close(&screen);
    return screen.ended_by ? FFITAP_EXIT_SIGNALED + screen.ended_by : 0;
}

static bool understand_sort(struct request *request)
{
    for (size_t i = 0; i < order_count; i++) {
        if (strcmp(request->sort, orders[i].name) == 0) {
            request->order = orders[i].order;
            return true;
        }
    }
    ffitap_say("--sort: '%s' is none of calls, time and wait", request->sort);
    return false;
}

static bool understand(struct request *request)
{
    return (!request->sort || understand_sort(request)) &&
           (!request->interval ||
            ffitap_interval_understand(request->interval, &request->interval_ns));
}

/* The word is a directory or a process's number. */
static int top(const char **words, void *data)
{
    struct request *request = data;
    const char *name = words[0] ? words[0] : FFITAP_RECORDING_DIRECTORY;
    struct view view = {0};

    if (!understand(request) || !ffitap_target_init(&view.target, name))
        return FFITAP_EXIT_FAILED;
    view.order = request->order;
    view.live = ffitap_live_create();
    const int status = request->once ? show_once(&view, request) : show_live(&view, request);
    ffitap_live_destroy(view.live);
    ffitap_target_fini(&view.target);
    return status;
}

int ffitap_command_top(int argc, const char **argv)
{
    struct request request = {.interval_ns = FFITAP_SECOND_NS, .order = FFITAP_LIVE_BY_TIME};
    const struct poptOption options[] = {
        {"once", '\0', POPT_ARG_NONE, &request.once, 0, "print the table once", NULL},
        {"interval", '\0', POPT_ARG_STRING, &request.interval, 0,
         "read the statistics every so many seconds (default: 1)", "SECONDS"},
        {"sort", '\0', POPT_ARG_STRING, &request.sort, 0,
         "put first what has most of it (default: time)", "calls|time|wait"},
        POPT_TABLEEND,
    };
    const struct ffitap_usage usage = {.options = options, .words = "[DIR|PID]", .limit = 1};
    const int status = ffitap_command_parse(argc, argv, &usage, top, &request);

    free(request.interval);
    free(request.sort);
    return status;
}
