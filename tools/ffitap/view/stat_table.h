/*
 * The tables of ffitap stat, on stderr. Each is one write(2): the program may be writing to the
 * same terminal.
 */
#ifndef FFITAP_TOOLS_FFITAP_VIEW_STAT_TABLE_H
#define FFITAP_TOOLS_FFITAP_VIEW_STAT_TABLE_H

#include <stdint.h>

#include "report/base/recording.h"

/* Prints what the statistics in `directory` say after `elapsed_ns`, with the time above it. */
void ffitap_stat_table_meanwhile(const struct ffitap_recording *recording, const char *directory,
                                 uint64_t elapsed_ns);

/* The same of a program that has ended. */
void ffitap_stat_table_final(const struct ffitap_recording *recording, const char *directory);

#endif
