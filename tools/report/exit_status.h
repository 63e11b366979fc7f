/* The exit statuses of ffitap's own, as env(1) has them. */
#ifndef FFITAP_REPORT_EXIT_STATUS_H
#define FFITAP_REPORT_EXIT_STATUS_H

#define FFITAP_EXIT_FAILED         125
#define FFITAP_EXIT_NOT_EXECUTABLE 126
#define FFITAP_EXIT_NOT_FOUND      127
#define FFITAP_EXIT_SIGNALED       128 /* plus the signal's number */

#endif
