/* ffitap doctor: what calls through libffi among what an interpreter loads. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_INTERPRETER_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_INTERPRETER_H

#include "ffitap/doctor/finding.h"
#include "ffitap/doctor/objects.h"

/* Looks at what the executable would load, if it is an interpreter that is known. */
void ffitap_doctor_interpreter(struct ffitap_findings *findings,
                               const struct ffitap_executable *executable);

#endif
