/* Of which build the libraries of ffitap are, as far as they have to be alike. */
#ifndef FFITAP_TOOLS_PROGRAM_LAYOUT_H
#define FFITAP_TOOLS_PROGRAM_LAYOUT_H

#include <stdbool.h>

/*
 * Whether two files of ffitap's are of builds that can work together, because what the files share
 * is laid out alike in both (tap/layout.h). False also if one of them does not say how.
 */
bool ffitap_layout_agree(const char *one, const char *other);

#endif
