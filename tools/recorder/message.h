/* What ffitap tells the user about itself: "ffitap: what: why", on stderr, a line at a time. */
#ifndef FFITAP_TOOLS_RECORDER_MESSAGE_H
#define FFITAP_TOOLS_RECORDER_MESSAGE_H

#include <stddef.h>

#include "report/base/exit_status.h"

/*
 * Prints the line, with "?" for control characters and what is not UTF-8; what does not fit into
 * 12 KiB is cut. Leaves errno alone.
 */
__attribute__((format(printf, 1, 2))) void ffitap_say(const char *format, ...);

/*
 * From here on nothing is printed. `text`, of `size` bytes, becomes empty, and the first line that
 * would be printed goes into it. A call with NULL ends this. It is meant for things that ffitap can
 * do without, and of which the caller tells in words of its own.
 */
void ffitap_message_keep(char *text, size_t size);

#endif
