#include "report/write/formats.h"

#include <string.h>

#include "report/write/json.h"
#include "report/write/table.h"

static const struct ffitap_report_format formats[] = {
    {.name = "table", .suffix = ".txt", .write = ffitap__table_write},
    {.name = "json", .suffix = ".json", .write = ffitap__json_write},
};

const struct ffitap_report_format *ffitap__format_named(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

const struct ffitap_report_format *ffitap__format_for(const char *file)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_str_has_suffix(file, formats[i].suffix))
            return &formats[i];
    return &formats[0];
}
