/* What a recording says about itself, filled in as far as it is known when it starts. */
#ifndef FFITAP_TOOLS_RECORDER_DESCRIPTION_H
#define FFITAP_TOOLS_RECORDER_DESCRIPTION_H

#include <stdbool.h>

#include "report/base/recording.h"

#define FFITAP_TOKEN_SIZE 17

/* How a recording is made, and which events it holds. */
struct ffitap_description {
    const char *token;
    const char **command;
    const char *mode;   /* "record", "stat" */
    const char *events; /* a set's name, "" if there are none */
    const char *filter; /* a list (tap/base/filter.h); NULL or "" if there is none */
    const char *lttng;  /* its version, NULL if it takes no part */
};

/* Makes the token that tells this recording's processes from all others. False, having said why. */
bool ffitap_description_make_token(char token[FFITAP_TOKEN_SIZE]);

/*
 * Fills in what is known of the recording when it starts. Release with ffitap_recording_fini()
 * either way. False if memory is short.
 */
bool ffitap_description_init(struct ffitap_recording *recording,
                             const struct ffitap_description *description);

/* Writes the description into `directory`. False, having said why. */
bool ffitap_description_write(const struct ffitap_recording *recording, const char *directory);

#endif
