/* The metadata file of a CTF trace, as far as babeltrace has to be kept from it. */
#ifndef FFITAP_TOOLS_REPORT_READ_METADATA_H
#define FFITAP_TOOLS_REPORT_READ_METADATA_H

#include <stdbool.h>

/*
 * Whether the metadata of the trace in `directory` ends in the middle of a packet, as where a disk
 * was full: babeltrace 2.0.4 reads on at the end of the file for ever.
 */
bool ffitap__metadata_is_cut(const char *directory);

#endif
