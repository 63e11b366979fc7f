/* How a function of the core explains its failure. */
#ifndef FFITAP_CORE_FAIL_H
#define FFITAP_CORE_FAIL_H

#include <ffitap/status.h>

/*
 * Puts `status` and the text into `error`, which may be NULL, unless an earlier cause stands there.
 * Returns `status`. Leaves errno alone.
 */
__attribute__((format(printf, 3, 4))) enum ffitap_status
ffitap__fail(struct ffitap_error *error, enum ffitap_status status, const char *format, ...);

#endif
