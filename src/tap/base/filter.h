/*
 * Which foreign calls are measured. A filter is a list of patterns, separated by commas, each
 *
 *     [!]SYMBOL[@LIBRARY]
 *
 * of two globs. A call is measured if it matches a pattern without !, or if there is no such
 * pattern; and if it matches no pattern with !. A missing SYMBOL or LIBRARY matches all. LIBRARY is
 * matched against the name of the library's file, or against its path if it holds a slash. Blanks
 * around a pattern mean nothing.
 *
 * The ffitap command understands filters by this same code: what it accepts, every tap accepts.
 */
#ifndef FFITAP_TAP_BASE_FILTER_H
#define FFITAP_TAP_BASE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#define FFITAP__FILTER_SIZE        4096u /* of the text, with its end */
#define FFITAP__FILTER_PATTERN_MAX 256u

/* What is wrong with a text that is no filter. */
struct ffitap__filter_flaw {
    const char *why;     /* words that can stand behind the pattern */
    const char *pattern; /* in the text; NULL if the flaw is of the whole text */
    size_t length;       /* of the pattern */
};

/*
 * Makes `text` the filter, of which it keeps a copy. NULL and "" leave nothing out. False, with
 * `*flaw` filled, if `text` is no filter; then nothing is left out. Must not be called while
 * another thread asks the filter.
 */
bool ffitap__filter_set(const char *text, struct ffitap__filter_flaw *flaw);

/* Whether calls of the function are left out. `library` is a path; either may be "". */
bool ffitap__filter_excludes(const char *library, const char *symbol);

#endif
