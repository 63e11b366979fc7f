/*
 * From the words of a command to the executable that the kernel will run for them: through PATH,
 * scripts and their interpreters, and env(1), which is how most scripts name theirs.
 */
#ifndef FFITAP_TOOLS_FFITAP_DOCTOR_COMMAND_H
#define FFITAP_TOOLS_FFITAP_DOCTOR_COMMAND_H

#include <glib.h>

#include "ffitap/doctor/finding.h"

struct ffitap_doctor_command {
    char *path;       /* of what `words` name, once found */
    GPtrArray *words; /* strings, the program first, NULL last */
    bool is_cut_off;  /* the program does not find LD_PRELOAD as ffitap has set it */
};

/*
 * Follows `words`, which end with NULL, adding what there is to say. What env(1) would do to the
 * environment is done to ffitap's own. Returns 0, or the exit status that env(1) would have because
 * there is no such program. Release with ffitap_doctor_command_fini() either way.
 */
int ffitap_doctor_command_follow(struct ffitap_doctor_command *command,
                                 struct ffitap_findings *findings, const char **words);

void ffitap_doctor_command_fini(struct ffitap_doctor_command *command);

#endif
