/* How often something is done: what --interval says. */
#ifndef FFITAP_TOOLS_RECORDER_INTERVAL_H
#define FFITAP_TOOLS_RECORDER_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* Understands a number of seconds. False, having said why. */
bool ffitap_interval_understand(const char *text, uint64_t *interval_ns);

#endif
