/* The parts of `ffitap doctor`: each looks at something and adds what it finds. */
#ifndef FFITAP_TOOL_DOCTOR_H
#define FFITAP_TOOL_DOCTOR_H

#include <stdbool.h>

#include "finding.h"
#include "linker.h"
#include "report/elf_file.h"

/* ffitap's own parts on this machine. */
struct ffitap_parts {
    char *directory; /* of the libraries, or NULL */
    char *shim;      /* its path, or NULL if it would not do */
    char *provider;  /* the same */
    bool stat_works; /* it was tried */
};

/* Looks for them; release with ffitap_parts_fini(). */
void ffitap_doctor_parts(struct ffitap_findings *findings, struct ffitap_parts *parts);
void ffitap_parts_fini(struct ffitap_parts *parts);

/* The clock, the environment, space and limits. */
void ffitap_doctor_machine(struct ffitap_findings *findings);

/* Everything that `ffitap record` needs beside the shim. */
void ffitap_doctor_lttng(struct ffitap_findings *findings, const struct ffitap_parts *parts);

/* Has ffitap run itself under `stat` and `record`. */
void ffitap_doctor_trial(struct ffitap_findings *findings, struct ffitap_parts *parts);

/*
 * The program that `command` would run; it is not run, but the interpreter that it needs may be, to
 * ask it something. Returns 0, or the exit status that env(1) would have because there is no such
 * program. May change ffitap's environment as `command` does.
 */
int ffitap_doctor_program(struct ffitap_findings *findings, const struct ffitap_parts *parts,
                          const char **command);

/* An executable that the dynamic linker knows, with all that it is linked with. */
struct ffitap_executable {
    const char *path;
    const char *const *arguments; /* argv[0] first */
    struct ffitap_linked linked;
    const struct ffitap_parts *parts;
    GPtrArray *callers; /* paths of those of its objects that call through libffi */
};

/* Whether it is libffi itself, be it renamed by who bundled it. */
bool ffitap_doctor_is_libffi(const struct ffitap_elf_file *file);

/* Whether it calls libffi, its own or another's, so that the shim can come between. */
bool ffitap_doctor_has_slot_of_call(const struct ffitap_elf_file *file);

/*
 * Says that `path`, which is `file`, calls through libffi, and through which: one of `linked` or
 * its own.
 */
void ffitap_doctor_say_caller(struct ffitap_findings *findings, const char *subject,
                              const char *path, const struct ffitap_elf_file *file,
                              const struct ffitap_linked *linked);

/* What calls through libffi among the objects that the executable is linked with. */
void ffitap_doctor_objects(struct ffitap_findings *findings, struct ffitap_executable *executable);

/* The same of what an interpreter loads, if the executable is one. */
void ffitap_doctor_interpreter(struct ffitap_findings *findings,
                               const struct ffitap_executable *executable);

/*
 * Modules of Python that cffi has compiled, in the directories that Python imports from: `path`, of
 * strings.
 */
void ffitap_doctor_compiled(struct ffitap_findings *findings, const GPtrArray *path);

#endif
