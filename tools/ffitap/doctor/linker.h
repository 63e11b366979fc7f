/* Asks the dynamic linker which libraries it would load. It runs no code of these. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_LINKER_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_LINKER_H

#include <stdbool.h>

#include <glib.h>

/* What the dynamic linker would load for one file. */
struct ffitap_linked {
    GPtrArray *paths; /* of the libraries */
    char *missing;    /* the name of the first that is not found, or NULL */
    char *complaint;  /* the dynamic linker's message about that, or NULL */
};

/*
 * Fills in what the dynamic linker would load with `file`, with `preload` as LD_PRELOAD (NULL: as
 * it is in the environment). False if it would not load the file at all; `complaint` then says why.
 * Release with ffitap_linked_fini() either way.
 */
bool ffitap_linked_init(struct ffitap_linked *linked, const char *file, const char *preload);
void ffitap_linked_fini(struct ffitap_linked *linked);

/* The path of the library whose file name starts with `start`, while `linked` lives, or NULL. */
const char *ffitap_linked_borrow(const struct ffitap_linked *linked, const char *start);

#endif
