/*
 * liblttng-ctl, loaded by the command that needs it. With what it brings along (an XML parser, ICU,
 * the C++ library) it takes longer to load than everything else together, and a program that is
 * only counted should not have to wait for that.
 */
#ifndef FFITAP_TOOL_LTTNG_H
#define FFITAP_TOOL_LTTNG_H

#include <stdbool.h>

#include <lttng/lttng.h>

#define FFITAP_LTTNG_LIBRARY "liblttng-ctl.so.0"

/* Before any of its functions, which abort without. False, having said why. */
bool ffitap_lttng_load(void);

/* The library talks on stderr otherwise. */
void ffitap_lttng_be_quiet(void);

#endif
