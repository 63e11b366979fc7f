/* The reader of the notes of programs that were started (report/base/exec_note.h). */
#ifndef FFITAP_TOOLS_REPORT_READ_EXEC_NOTES_H
#define FFITAP_TOOLS_REPORT_READ_EXEC_NOTES_H

#include "report/model/sink.h"

/*
 * Reads the notes of a folder of statistics. A file that only has a note's name is told as damage.
 */
void ffitap__exec_notes_read_folder(const struct ffitap__report_sink *sink, const char *folder);

#endif
