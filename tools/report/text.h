/* Text from a trace or a command line: bytes that somebody else chose, made fit to be written. */
#ifndef FFITAP_REPORT_TEXT_H
#define FFITAP_REPORT_TEXT_H

#include <stddef.h>

#include <jansson.h>

/* The JSON string of `text`, with U+FFFD for every byte that is not UTF-8. NULL: out of memory. */
json_t *ffitap__text_json(const char *text);

/* The same of `size` bytes, which may hold NULs (they become U+FFFD). */
json_t *ffitap__text_json_sized(const char *bytes, size_t size);

#endif
