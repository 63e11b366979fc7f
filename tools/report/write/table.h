/* The report as a table for people, what costs most first. */
#ifndef FFITAP_TOOLS_REPORT_WRITE_TABLE_H
#define FFITAP_TOOLS_REPORT_WRITE_TABLE_H

#include "report/write/format.h"

bool ffitap__table_write(const struct ffitap__writing *to, const struct ffitap__model *model);

#endif
