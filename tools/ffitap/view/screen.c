#include "ffitap/view/screen.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

#include "recorder/clock.h"
#include "recorder/message.h"

#define ADVICE "; use --once"

/* Checks the terminal before curses does, which would end the program with a message of its own. */
static bool check_terminal(void)
{
    const char *type = getenv("TERM");
    int reason;

    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        ffitap_say("standard %s is no terminal" ADVICE, isatty(STDOUT_FILENO) ? "input" : "output");
        return false;
    }
    if (!type || !*type) {
        ffitap_say("TERM does not say which terminal this is" ADVICE);
        return false;
    }
    if (setupterm(type, STDOUT_FILENO, &reason) == ERR) {
        ffitap_say("nothing is known of the terminal '%.80s' (TERM)" ADVICE, type);
        return false;
    }
    const bool is_enough = cursor_address && clear_screen;
    del_curterm(cur_term); /* newterm() makes its own */
    if (!is_enough) {
        ffitap_say("the terminal '%.80s' (TERM) cannot be written to in place" ADVICE, type);
        return false;
    }
    return true;
}

/* The signals are blocked first: curses sets handlers of its own, which would end the program from
 * within. */
static bool open_signals(struct ffitap_screen *screen)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (screen->signals >= 0)
        return true;
    ffitap_say("cannot watch signals: %s", strerror(errno));
    return false;
}

bool ffitap_screen_open(struct ffitap_screen *screen)
{
    *screen = (struct ffitap_screen){.signals = -1};
    setlocale(LC_CTYPE, "");
    if (!check_terminal() || !open_signals(screen))
        return false;
    screen->terminal = newterm(NULL, stdout, stdin);
    if (!screen->terminal) {
        ffitap_say("cannot use the terminal '%.80s'" ADVICE, getenv("TERM"));
        close(screen->signals);
        return false;
    }
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    curs_set(0); /* a terminal that cannot hide the cursor shows it */
    return true;
}

void ffitap_screen_measure(struct ffitap_screen *screen)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col &&
        is_term_resized(size.ws_row, size.ws_col))
        resizeterm(size.ws_row, size.ws_col);
    screen->height = (unsigned)LINES;
    screen->width = (unsigned)COLS;
}

/* A line that is too long goes on in the next row, which the next line then takes. */
static void show_line(int row, const char *line, size_t length)
{
    move(row, 0);
    addnstr(line, (int)length);
    if (getcury(stdscr) == row)
        clrtoeol();
}

void ffitap_screen_show(const struct ffitap_screen *screen, const char *text, const char *foot)
{
    const int last = (int)screen->height - 1;

    for (int row = 0; row < last; row++) {
        const size_t length = strcspn(text, "\n");
        show_line(row, text, length);
        text += text[length] ? length + 1 : length;
    }
    attron(A_REVERSE);
    show_line(last, foot, strlen(foot));
    attroff(A_REVERSE);
    refresh();
}

/* Returns whether to end. */
static bool take_signals(struct ffitap_screen *screen)
{
    struct signalfd_siginfo signal;

    while (read(screen->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo != SIGWINCH)
            screen->ended_by = (int)signal.ssi_signo;
    }
    return screen->ended_by;
}

int ffitap_screen_wait(struct ffitap_screen *screen, uint64_t deadline_ns)
{
    struct pollfd ready[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = screen->signals, .events = POLLIN},
    };
    const uint64_t now_ns = ffitap_clock_ns();
    const uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    const struct timespec timeout = {
        .tv_sec = (time_t)(left_ns / FFITAP_SECOND_NS),
        .tv_nsec = (long)(left_ns % FFITAP_SECOND_NS),
    };

    if (ppoll(ready, 2, &timeout, NULL) <= 0)
        return FFITAP_SCREEN_TIMEOUT;
    if (take_signals(screen))
        return FFITAP_SCREEN_END;
    if (!ready[0].revents)
        return FFITAP_SCREEN_TIMEOUT;
    const int key = getch();
    if (key != ERR)
        return key;
    return ready[0].revents & POLLIN ? FFITAP_SCREEN_TIMEOUT : FFITAP_SCREEN_END;
}

void ffitap_screen_close(struct ffitap_screen *screen)
{
    endwin();
    delscreen(screen->terminal);
    close(screen->signals);
}
