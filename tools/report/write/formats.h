/* The formats that there are. */
#ifndef FFITAP_TOOLS_REPORT_WRITE_FORMATS_H
#define FFITAP_TOOLS_REPORT_WRITE_FORMATS_H

#include "report/write/format.h"

/* The format of that name; NULL if there is none. */
const struct ffitap_report_format *ffitap__format_named(const char *name);

/* The format that the name of a file asks for by its end; the table for people if none does. */
const struct ffitap_report_format *ffitap__format_for(const char *file);

#endif
