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
 * Follows `words`, which end with NULL, and adds to the findings what there is to say. If env(1)
 * would change the environment, ffitap's own environment is changed in the same way. Returns 0, or
 * the exit status that env(1) would have if there is no such program. Release with
 * ffitap_doctor_command_fini() either way.
 */
int ffitap_doctor_command_follow(struct ffitap_doctor_command *command,
                                 struct ffitap_findings *findings, const char **words);

void ffitap_doctor_command_fini(struct ffitap_doctor_command *command);

#endif
