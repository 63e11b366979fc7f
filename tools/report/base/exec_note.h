/*
 * Notes of programs that were started (tap/statistics/exec_note.h), read and kept. Notes are not to
 * be trusted: a file with a note's name may hold anything.
 */
#ifndef FFITAP_TOOLS_REPORT_BASE_EXEC_NOTE_H
#define FFITAP_TOOLS_REPORT_BASE_EXEC_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/statistics/exec_note.h"

/* A program that was started: what a note says, or would have said. */
struct ffitap__started {
    int32_t pid;        /* 0: not known */
    int32_t parent;     /* 0: not known */
    uint64_t moment_ns; /* a moment before the start, on CLOCK_MONOTONIC */
    uint64_t until_ns;  /* from then on the number is another process's, or program's */
    unsigned marks;     /* enum ffitap__exec_mark */
    const char *path;   /* NULL: there is no note, for `failure` */
    bool is_whole;      /* the path, and an absolute one */
    int failure;        /* an errno */
};

/* A note that was read. */
struct ffitap__read_note {
    struct ffitap__started started; /* its path is in `text` */
    char text[FFITAP__EXEC_NOTE_MAX + 2];
};

/* Whether `name` is the name of a note. What the file holds may still be none. */
bool ffitap__exec_note_is_name(const char *name);

/* Reads the note `name` of the open directory `folder`. Returns NULL, or what is wrong with the
 * note; "" if it has been removed meanwhile, because its program has come up. */
const char *ffitap__exec_note_read(struct ffitap__read_note *note, int folder, const char *name);

/*
 * Replaces a folder's notes by files, so that a recording can be copied: a program that follows
 * symbolic links finds nothing behind these ones. Notes for which there is no room stay what they
 * are.
 */
void ffitap_notes_keep(const char *folder);

#endif
