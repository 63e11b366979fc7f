/* ffitap doctor: what calls through libffi among the objects that a program is linked with. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_OBJECTS_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_OBJECTS_H

#include <stdbool.h>

#include "ffitap/doctor/finding.h"
#include "ffitap/doctor/linker.h"
#include "ffitap/doctor/parts.h"
#include "program/elf_file.h"

/* An executable that the dynamic linker knows, with all that it is linked with. */
struct ffitap_executable {
    const char *path;
    const char *const *arguments; /* argv[0] first */
    struct ffitap_linked linked;
    const struct ffitap_parts *parts;
    GPtrArray *callers; /* paths of those of its objects that call through libffi */
};

/* Whether the file is libffi itself, even if somebody who bundled it has renamed it. */
bool ffitap_doctor_is_libffi(const struct ffitap_elf_file *file);

/*
 * Whether the file calls a libffi, its own or another one, through a slot that the shim can hook.
 */
bool ffitap_doctor_has_slot_of_call(const struct ffitap_elf_file *file);

/*
 * Says that the file at `path`, which is open as `file`, calls through libffi, and through which
 * one: one of `linked`, or the file's own.
 */
void ffitap_doctor_say_caller(struct ffitap_findings *findings, const char *subject,
                              const char *path, const struct ffitap_elf_file *file,
                              const struct ffitap_linked *linked);

/* Looks at all that the executable is linked with. */
void ffitap_doctor_objects(struct ffitap_findings *findings, struct ffitap_executable *executable);

#endif
