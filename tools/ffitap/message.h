/* What ffitap tells the user about itself: "ffitap: what: why", on stderr, a line at a time. */
#ifndef FFITAP_TOOL_MESSAGE_H
#define FFITAP_TOOL_MESSAGE_H

/* Exit statuses of ffitap's own, as env(1) has them. */
#define FFITAP_EXIT_FAILED         125
#define FFITAP_EXIT_NOT_EXECUTABLE 126
#define FFITAP_EXIT_NOT_FOUND      127
#define FFITAP_EXIT_SIGNALED       128 /* plus the signal's number */

/* Prints the line; what does not fit into 4 KiB is cut. Leaves errno alone. */
__attribute__((format(printf, 1, 2))) void ffitap_say(const char *format, ...);

#endif
