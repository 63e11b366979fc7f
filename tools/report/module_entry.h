/*
 * What CPython looks up in an extension module that it imports: from 3.15 on first PyModExport_NAME
 * (PEP 793), which hardly any module has, and then PyInit_NAME. That the first is missing is an
 * answer to a question, and no failure where the second is there.
 */
#ifndef FFITAP_REPORT_MODULE_ENTRY_H
#define FFITAP_REPORT_MODULE_ENTRY_H

#include "report/model.h"

/* Tells among the model's lookups those that failed so. Called when all of them are known. */
void ffitap__module_entry_settle(struct ffitap__model *model);

#endif
