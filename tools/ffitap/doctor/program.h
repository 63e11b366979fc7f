/* ffitap doctor: the program that a command would run. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_PROGRAM_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_PROGRAM_H

#include "ffitap/doctor/parts.h"
#include "ffitap/doctor/finding.h"

/*
 * Adds what there is to say about the program of `command`. It is not run, but the interpreter that
 * it needs may be, to ask that something. Returns 0, or the exit status that env(1) would have
 * because there is no such program. May change ffitap's environment as `command` does.
 */
int ffitap_doctor_program(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                          const char **command);

#endif
