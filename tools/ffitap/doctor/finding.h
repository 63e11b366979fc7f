/*
 * What `ffitap doctor` finds out: one line each, with what to do about it, for people and for
 * machines.
 */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_FINDING_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_FINDING_H

#include <stdbool.h>
#include <stdio.h>

#include <glib.h>
#include <jansson.h>

/* From harmless to bad. */
enum ffitap_level {
    FFITAP_LEVEL_OK,
    FFITAP_LEVEL_NOTE,    /* worth knowing; nothing stays unseen for it */
    FFITAP_LEVEL_WARNING, /* something stays unseen, or one of ffitap's commands does not work */
    FFITAP_LEVEL_PROBLEM, /* nothing is seen */
};

/* Where findings gather. */
struct ffitap_findings {
    GPtrArray *machine, *program;
    GPtrArray *current; /* the one of these two to which findings are added now */
};

void ffitap_findings_init(struct ffitap_findings *findings);
void ffitap_findings_fini(struct ffitap_findings *findings);

/* Adds a finding about `subject`, a word that is the same whatever is found. `advice` is what to do
 * about it, or NULL; it is copied. */
__attribute__((format(printf, 5, 6))) void
ffitap_findings_add(struct ffitap_findings *findings, enum ffitap_level level, const char *subject,
                    const char *advice, const char *format, ...);

/* Says which file the last finding is about. */
void ffitap_findings_name_file(struct ffitap_findings *findings, const char *file);

/* The level of the worst finding. */
enum ffitap_level ffitap_findings_worst(const struct ffitap_findings *findings);

/* Writes the findings as lines. `command` is the command of the program, or NULL. */
void ffitap_findings_write(FILE *stream, const struct ffitap_findings *findings,
                           const char **command);

/* The same as a JSON document with the exit status. NULL: out of memory. */
json_t *ffitap_findings_json(const struct ffitap_findings *findings, const char **command,
                             int exit_status);

#endif
