/* The metadata file of a CTF trace: the damage that babeltrace cannot cope with. */
#ifndef FFITAP_TOOLS_REPORT_READ_METADATA_H
#define FFITAP_TOOLS_REPORT_READ_METADATA_H

#include <stdbool.h>

/*
 * Whether the metadata of the trace in `directory` ends in the middle of a packet, as it does after
 * a full disk. babeltrace 2.0.4 must not read such a file: it would go on at the end of the file
 * for ever.
 */
bool ffitap__metadata_is_cut(const char *directory);

#endif
