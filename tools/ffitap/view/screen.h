/* The terminal as a screen that is written anew again and again, by ncurses. */
#ifndef FFITAP_TOOLS_FFITAP_VIEW_SCREEN_H
#define FFITAP_TOOLS_FFITAP_VIEW_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/* What ffitap_screen_wait() returns beside keys. */
#define FFITAP_SCREEN_TIMEOUT 0    /* or the terminal changed: write again */
#define FFITAP_SCREEN_END     (-1) /* a signal asks to end, or the terminal is gone */

struct screen; /* curses' own */

struct ffitap_screen {
    struct screen *terminal;
    int signals;     /* of a signalfd */
    int ended_by;    /* the signal that asked to end, 0: none */
    unsigned height; /* in rows */
    unsigned width;  /* in columns */
};

/* Takes the terminal of the standard streams. False, having said why. */
bool ffitap_screen_open(struct ffitap_screen *screen);

/* Brings `height` and `width` up to date: the user changes a window's size. */
void ffitap_screen_measure(struct ffitap_screen *screen);

/* Shows as much of `text` as there is room for, and `foot` in the last row. */
void ffitap_screen_show(const struct ffitap_screen *screen, const char *text, const char *foot);

/* Waits for a key, but not beyond `deadline_ns` (CLOCK_MONOTONIC). Returns it, or one of the above.
 */
int ffitap_screen_wait(struct ffitap_screen *screen, uint64_t deadline_ns);

/* Gives the terminal back as it was. */
void ffitap_screen_close(struct ffitap_screen *screen);

#endif
