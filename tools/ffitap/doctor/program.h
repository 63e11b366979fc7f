/* ffitap doctor: the program that a command would run. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_PROGRAM_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_PROGRAM_H

#include "ffitap/doctor/finding.h"
#include "ffitap/doctor/parts.h"

/*
 * Adds what there is to say about the program of `command`. The program is not run, but an
 * interpreter that it needs may be run to be asked something. Returns 0, or the exit status that
 * env(1) would have if there is no such program. If `command` changes the environment, ffitap's own
 * environment changes, too.
 */
int ffitap_doctor_program(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                          const char **command);

#endif
