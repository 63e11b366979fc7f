/* Types by the names of the tables, and values of them: read, shown, kept. */
#ifndef DIFFERENTIAL_VALUE_H
#define DIFFERENTIAL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ffitap/type.h>

/* A type that the harness can read and show. */
struct kind {
    enum ffitap_basic_type basic; /* if `count` is 0 */
    const struct ffitap_type *type;
    size_t count; /* of members: fields or elements */
    bool is_union, is_array;
    const struct kind **members;
};

struct value {
    const struct kind *kind;
    void *bytes;
};

/* The fundamental type of that name, lower case; NULL if there is none. */
const struct kind *kind_find_basic(const char *name);

/* At which byte a member lies. */
size_t kind_get_offset(const struct kind *kind, size_t member);

/* Writes the value that `text` starts with to `bytes`; returns the rest of the text. */
const char *value_fill(const struct kind *kind, const char *text, void *bytes);

/* From now on addresses in this memory are shown by the name, because addresses differ between
 * processes. */
void value_name_memory(const char *name, const void *start, size_t size);

/* "5", "{1,2.5}", "&memory+4", "NULL": the words of run_ctypes.py. */
void value_show(FILE *out, const struct kind *kind, const void *bytes);

#endif
