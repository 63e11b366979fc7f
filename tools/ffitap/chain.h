/*
 * From the words of a command to the executable that the kernel will run for them: through PATH,
 * scripts and their interpreters, and env(1), which is how most scripts name theirs.
 */
#ifndef FFITAP_TOOL_CHAIN_H
#define FFITAP_TOOL_CHAIN_H

#include <glib.h>

#include "finding.h"

struct ffitap_chain {
    char *path;       /* of what `words` name, once found */
    GPtrArray *words; /* strings, the program first, NULL last */
    bool is_cut_off;  /* the program does not find LD_PRELOAD as ffitap has set it */
};

/*
 * Follows `command`, adding what there is to say. What env(1) would do to the environment is done
 * to ffitap's own. Returns 0, or the exit status that env(1) would have because there is no such
 * program. Release with ffitap_chain_fini() either way.
 */
int ffitap_chain_follow(struct ffitap_chain *chain, struct ffitap_findings *findings,
                        const char **command);

void ffitap_chain_fini(struct ffitap_chain *chain);

#endif
