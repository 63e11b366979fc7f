/* The JSON report; ffitap-report-1.schema.json describes it. */
#ifndef FFITAP_TOOLS_REPORT_WRITE_JSON_H
#define FFITAP_TOOLS_REPORT_WRITE_JSON_H

#include <jansson.h>

#include "report/write/format.h"

#define FFITAP__REPORT_SCHEMA "ffitap-report/1"

/* Builds the report of a finished model; the caller owns it. NULL: out of memory. */
json_t *ffitap__json_create(const struct ffitap_recording *recording,
                            const struct ffitap__model *model);

bool ffitap__json_write(const struct ffitap__writing *to, const struct ffitap__model *model);

#endif
