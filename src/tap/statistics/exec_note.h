/*
 * Notes of programs that were started, and have no statistics file yet. Written by
 * src/tap/known/exec.c, read by tools/report/base/exec_note.c.
 *
 * A process that is about to run another program leaves a note beside the statistics files. If the
 * tap comes up in that program, the program takes the note away once it has a statistics file. So
 * the notes that stay name the programs that were not seen. A note may also stay although its
 * program was seen, because it could not be taken away. Then there is a statistics file of that
 * program, with a start that is later than the note.
 *
 * A note is a symbolic link that leads nowhere; the link's target is the note's text. So the note
 * is there as a whole or not at all, after one system call. That call needs no descriptor and no
 * room for a file's blocks, and no limit on file sizes ends it with a signal. When a recording
 * ends, its recorder puts files with the same text in the place of the notes that are left. A note
 * is named after the number of its process, as in "4711.exec". If another note has that number, of
 * another process or of the next program that the same process ran, the older note is called
 * "4711.123.exec", where 123 is the moment of the later one. If the number of the process is not
 * known, it is called "0.123.exec", where 123 is its own moment. The text says, with a blank
 * between two:
 * - FFITAP__EXEC_NOTE_MAGIC;
 * - the number of the process, or 0; and that of its parent or, if the first is 0, of the process
 *   that started it; both in decimal, as all numbers here;
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
