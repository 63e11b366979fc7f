/* Text from a trace or a command line: bytes that somebody else chose, made fit to be written. */
#ifndef FFITAP_TOOLS_REPORT_BASE_TEXT_H
#define FFITAP_TOOLS_REPORT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* The JSON string of `text`, with U+FFFD for every byte that is not UTF-8. NULL: out of memory. */
json_t *ffitap__text_json(const char *text);

/* The same of `size` bytes, which may hold NULs (they become U+FFFD). */
json_t *ffitap__text_json_sized(const char *bytes, size_t size);

/* `text` fit for one line of a terminal: UTF-8, with "?" for control characters. g_free() it. */
char *ffitap__text_line(const char *text);

/* "850 ns", "12.3 us", "4.56 ms", "1.23 s", "2m 03s", "5h 06m". */
#define FFITAP__DURATION_SIZE 32
void ffitap__text_duration(char text[FFITAP__DURATION_SIZE], uint64_t ns);

/* ISO 8601, UTC, with nanoseconds. */
#define FFITAP__TIME_SIZE 48
void ffitap__text_time(char text[FFITAP__TIME_SIZE], int64_t ns_since_1970);

/* Reads a time as ffitap__text_time() writes it. Returns false, and leaves `*ns_since_1970` alone,
 * if `time` is no such text. */
bool ffitap__text_read_time(int64_t *ns_since_1970, const char *time);

/* Writes a sentence into `why`, of `size` bytes: what is wrong. Returns -1, for the caller to
 * return. */
__attribute__((format(printf, 3, 4))) int ffitap__text_explain(char *why, unsigned size,
                                                               const char *format, ...);

#endif
