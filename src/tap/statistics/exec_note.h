/*
 * Notes of programs that were started and of which nothing has come yet. Written by
 * src/tap/known/exec.c, read by tools/report/base/exec_note.c.
 *
 * A process that is about to run another program leaves a note beside the statistics files; the
 * program, if the tap comes up in it, takes it away once it has a statistics file. What stays are
 * the programs that were not seen. A note may also stay of one that was, where it could not be
 * taken away: that one has a statistics file with a later start.
 *
 * A note is a symbolic link that leads nowhere, and its target is what it says: so it is there as a
 * whole or not at all, after one system call that needs no descriptor, no room for a file's blocks,
 * and that no limit of files' sizes ends with a signal. When the recording ends its recorder makes
 * files with the same text of those that are left. It is called by the number of the process,
 * "4711.exec"; "4711.123.exec" if there is another note with that number, of that later moment: of
 * another process, or of the next program that the same one ran; "0.123.exec" if nobody was told
 * the number. It says, with a blank between two:
 * - FFITAP__EXEC_NOTE_MAGIC;
 * - the process, or 0, and its parent or, if that is 0, who started it, in decimal as the rest;
 * - the moment before the start on CLOCK_MONOTONIC, in nanoseconds;
 * - enum ffitap__exec_mark, added up;
 * - all that is left: the program's path, absolute if that could be found out. It may be cut where
 *   the note is FFITAP__EXEC_NOTE_MAX bytes long.
 */
#ifndef FFITAP_TAP_STATISTICS_EXEC_NOTE_H
#define FFITAP_TAP_STATISTICS_EXEC_NOTE_H

#define FFITAP__EXEC_NOTE_SUFFIX ".exec"
#define FFITAP__EXEC_NOTE_MAGIC  "ffitap-exec-1"

/* No file system that has symbolic links allows fewer bytes. */
#define FFITAP__EXEC_NOTE_MAX 1023u

enum ffitap__exec_mark {
    FFITAP__EXEC_WITHOUT_PRELOAD = 1, /* its LD_PRELOAD does not name the shim */
    FFITAP__EXEC_WITHOUT_FOLDER = 2,  /* its FFITAP_STAT_DIR does not name this folder */
};

#endif
