/* What a recording says about itself, filled in as far as it is known when it starts. */
#ifndef FFITAP_TOOL_DESCRIPTION_H
#define FFITAP_TOOL_DESCRIPTION_H

#include <stdbool.h>

#include "report/recording.h"

/*
 * Fills `*recording` but for what only the end knows. Release with ffitap_recording_fini() either
 * way. False if memory is short.
 */
bool ffitap_description_init(struct ffitap_recording *recording, const char *token,
                             const char **command, const char *events);

/* `text` as valid UTF-8: each byte that is no part of a character becomes U+FFFD. */
json_t *ffitap_description_text(const char *text);

#endif
