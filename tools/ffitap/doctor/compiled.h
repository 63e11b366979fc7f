/* ffitap doctor: modules of Python that cffi has compiled. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_COMPILED_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_COMPILED_H

#include <glib.h>

#include "ffitap/doctor/finding.h"

/* Looks for them in the directories that Python imports from: `path`, of strings. */
void ffitap_doctor_compiled(struct ffitap_findings *findings, const GPtrArray *path);

#endif
