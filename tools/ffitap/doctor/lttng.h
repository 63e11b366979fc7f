/* ffitap doctor: what `ffitap record` needs beside the shim. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_LTTNG_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_LTTNG_H

#include "ffitap/doctor/finding.h"
#include "ffitap/doctor/parts.h"

/* Adds what there is to say about LTTng. */
void ffitap_doctor_lttng(struct ffitap_findings *findings, const struct ffitap_parts *parts);

#endif
