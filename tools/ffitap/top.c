/* ffitap top: shows what a program does while it runs, from its statistics. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <popt.h>

#include "clock.h"
#include "commands.h"
#include "interval.h"
#include "message.h"
#include "report/live.h"
#include "screen.h"
#include "target.h"

#define RECORDING_DIR "ffitap.data"

/* From here on the whole table fits, with a function's name. */
#define WIDE 130

#define FOOT "sort by: c calls, t time, w GIL wait; q quits"

/* What the user wants. */
struct request {
    const char *name;     /* a directory or a process's number */
    const char *interval; /* NULL: a second */
    const char *sort;     /* NULL: by time */
    uint64_t interval_ns;
    enum ffitap_live_order order;
    bool once;
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
    if (request->interval) { /* rates are those of that time then */
        const struct timespec pause = {
            .tv_sec = (time_t)(request->interval_ns / FFITAP_SECOND_NS),
            .tv_nsec = (long)(request->interval_ns % FFITAP_SECOND_NS),
        };
        nanosleep(&pause, NULL);
        look(view);
    }
    write_view(stdout, view, 0, true);
    if (fflush(stdout) == 0)
        return 0;
    ffitap_say("standard output: %s", strerror(errno));
    return FFITAP_EXIT_FAILED;
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

static bool understand(struct request *request, const char *excess)
{
    if (excess) {
        ffitap_say("%s: one program at a time; see ffitap top --help", excess);
        return false;
    }
    return (!request->sort || understand_sort(request)) &&
           (!request->interval ||
            ffitap_interval_understand(request->interval, &request->interval_ns));
}

static int top(struct request *request, const char *excess)
{
    struct view view = {0};

    if (!understand(request, excess) || !ffitap_target_init(&view.target, request->name))
        return FFITAP_EXIT_FAILED;
    view.order = request->order;
    view.live = ffitap_live_create();
    const int status = request->once ? show_once(&view, request) : show_live(&view, request);
    ffitap_live_destroy(view.live);
    ffitap_target_fini(&view.target);
    return status;
}

/* Takes what is left after the options. */
static int top_as_requested(poptContext context, struct request *request)
{
    const char *name = poptGetArg(context);

    request->name = name ? name : RECORDING_DIR;
    return top(request, poptGetArg(context));
}

int ffitap_command_top(int argc, const char **argv)
{
    int once = 0;
    char *interval = NULL, *sort = NULL;
    const struct poptOption options[] = {
        {"once", '\0', POPT_ARG_NONE, &once, 0, "print the table once", NULL},
        {"interval", '\0', POPT_ARG_STRING, &interval, 0,
         "read the statistics every so many seconds (default: 1)", "SECONDS"},
        {"sort", '\0', POPT_ARG_STRING, &sort, 0, "sort by calls, time or GIL wait (default: time)",
         "calls|time|wait"},
        POPT_AUTOHELP POPT_TABLEEND,
    };
    poptContext context = poptGetContext("ffitap", argc, argv, options, 0);
    int status = FFITAP_EXIT_FAILED;

    poptSetOtherOptionHelp(context, "[OPTION...] [DIR|PID]");
    const int choice = poptGetNextOpt(context);
    if (choice < -1) {
        ffitap_say("%s: %s; see ffitap top --help", poptBadOption(context, 0),
                   poptStrerror(choice));
    } else {
        status = top_as_requested(context, &(struct request){
                                               .interval = interval,
                                               .sort = sort,
                                               .interval_ns = FFITAP_SECOND_NS,
                                               .order = FFITAP_LIVE_BY_TIME,
                                               .once = once,
                                           });
    }
    poptFreeContext(context);
    free(interval);
    free(sort);
    return status;
}
