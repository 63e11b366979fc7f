/*
 * Which of Debian's packages has a library that ffitap needs, to tell a user who has to install it.
 */
#ifndef FFITAP_TOOLS_RECORDER_PACKAGE_H
#define FFITAP_TOOLS_RECORDER_PACKAGE_H

#include <stddef.h>

/* NULL if the library is none that ffitap needs. */
const char *ffitap_package_of(const char *library);

/* What the commands are linked with, by the names that the dynamic linker knows. */
extern const char *const ffitap_needed[];
extern const size_t ffitap_needed_count;

#endif
