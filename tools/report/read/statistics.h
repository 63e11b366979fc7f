/*
 * The reader of statistics files (tap/statistics/file.h): of processes that ended, however they
 * did, and of those that are running. The files may change while they are read. What comes out does
 * not contradict itself, and the figures of a cell are never from before the reading began.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_STATISTICS_H
#define FFITAP_TOOLS_REPORT_READ_STATISTICS_H

#include "report/model/sink.h"

/*
 * Reads a file, as one program image, before anything of a trace. What cannot be read is left out
 * and told as damage. For a view of what is running, do this again and again, each time with a new
 * model. Returns false if the file cannot be read, or if its process has stopped its statistics:
 * then nothing more can have been counted since.
 */
bool ffitap__statistics_read(const struct ffitap__report_sink *sink, const char *path);

/*
 * Reads all files and notes of a folder (a recording's FFITAP__STATISTICS_FOLDER). `now_ns`, since
 * 1970, is the moment up to which calls in flight have lasted: the recording's end, or the present
 * if the recording goes on. If it is 0, because neither is known, the latest moment of which the
 * files tell is used. Returns how many files there were; 0 also if there is no such folder.
 */
unsigned ffitap__statistics_read_folder(const struct ffitap__report_sink *sink, const char *folder,
                                        int64_t now_ns);

#endif
