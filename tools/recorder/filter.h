/* The option --filter of the commands that run a program, and what the environment says instead. */
#ifndef FFITAP_TOOLS_RECORDER_FILTER_H
#define FFITAP_TOOLS_RECORDER_FILTER_H

#include <stdbool.h>

struct ffitap_filter {
    const char *
        *arguments; /* of each --filter, then NULL, as popt makes it; NULL if there is none */
    char *text;     /* all in one list, for FFITAP_FILTER; NULL: the variable stays as it is */
};

/*
 * Checks the arguments, or FFITAP_FILTER if there are none, and fills `text`. False, having said
 * why, if the program would not understand it.
 */
bool ffitap_filter_understand(struct ffitap_filter *filter);

/* The list that the program will find in its environment, "" if it will find none. Borrowed until
 * the environment changes. */
const char *ffitap_filter_borrow_list(const struct ffitap_filter *filter);

void ffitap_filter_fini(struct ffitap_filter *filter);

#endif
