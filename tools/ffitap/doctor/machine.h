/* ffitap doctor: the clock, the environment, space and limits. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_MACHINE_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_MACHINE_H

#include "ffitap/doctor/finding.h"

/* Adds what there is to say about the machine. */
void ffitap_doctor_machine(struct ffitap_findings *findings);

#endif
