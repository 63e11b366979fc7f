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

/* Has ffitap run itself under `stat` and `record`. */
void ffitap_doctor_trial(struct ffitap_findings *findings, struct ffitap_parts *parts);

#endif
