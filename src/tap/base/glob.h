/*
 * Globs as fnmatch(3) knows them in the C locale, byte by byte: * ? [...] and \ before a byte that
 * stands for itself. Not fnmatch(3) itself, which allocates for long texts, and answers by the
 * locale that the host happens to be in.
 */
#ifndef FFITAP_TAP_BASE_GLOB_H
#define FFITAP_TAP_BASE_GLOB_H

#include <stdbool.h>

/* Whether `glob`, which has no flaw, matches the whole of `text`. A * matches a / as well. */
bool ffitap__glob_matches(const char *glob, const char *text);

/*
 * Why `glob` is no glob, in words that can stand behind it: "a [ without its ]"; NULL if it is one.
 * A text is no glob if fnmatch(3) would never match it, or would take it for something else than
 * was meant, or if it has [.x.] or [=x=], which only some locales understand.
 */
const char *ffitap__glob_flaw(const char *glob);

#endif
