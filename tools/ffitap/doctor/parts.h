/* ffitap doctor: ffitap's own parts on this machine, and whether they work. */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_PARTS_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_PARTS_H

#include <stdbool.h>

#include "ffitap/doctor/finding.h"

struct ffitap_parts {
    char *directory; /* of the libraries, or NULL */
    char *shim;      /* its path, or NULL if it would not do */
    char *provider;  /* the same */
    bool stat_works; /* it was tried */
};

/* Looks for the parts; release with ffitap_parts_fini(). */
void ffitap_doctor_parts(struct ffitap_findings *findings, struct ffitap_parts *parts);
void ffitap_parts_fini(struct ffitap_parts *parts);

/*
 * Whether two files of ffitap's are of builds that can work together, because what the files share
 * is laid out alike in both (tap/layout.h).
 */
bool ffitap_doctor_agree(const char *one, const char *other);

/* Has ffitap run itself under `stat` and `record`. */
void ffitap_doctor_trial(struct ffitap_findings *findings, struct ffitap_parts *parts);

#endif
