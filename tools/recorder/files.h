/* Files below a directory, whatever characters the directory's own name has. */
#ifndef FFITAP_TOOLS_RECORDER_FILES_H
#define FFITAP_TOOLS_RECORDER_FILES_H

#include <stdbool.h>

#include <glob.h>

/*
 * Finds what matches `pattern` (glob(7)) below `directory`, in no particular order. The name of the
 * directory itself is not a pattern, and is taken as it is. True if anything was found; `*found` is
 * then released with globfree(3).
 */
bool ffitap_files_find(const char *directory, const char *pattern, glob_t *found);

#endif
