/*
 * What CPython looks up in an extension module that it imports: from 3.15 on first PyModExport_NAME
 * (PEP 793), which hardly any module has, and then PyInit_NAME. If the first is missing but the
 * second is there, the first lookup was only a question, and no failure.
 */
#ifndef FFITAP_TOOLS_REPORT_MODEL_MODULE_ENTRY_H
#define FFITAP_TOOLS_REPORT_MODEL_MODULE_ENTRY_H

#include <glib.h>

#include "report/base/strings.h"

/* Marks those of `lookups`, rows whose texts are of `strings`, that failed in this way. Called when
 * all lookups are known. */
void ffitap__module_entry_settle(GHashTable *lookups, struct ffitap__strings *strings);

#endif
