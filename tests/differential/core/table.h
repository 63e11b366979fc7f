/* Tables of cases, as README.md describes them. */
#ifndef DIFFERENTIAL_TABLE_H
#define DIFFERENTIAL_TABLE_H

#include <stddef.h>

struct line {
    int number;
    size_t count;
    char **words;
    struct line *body; /* of callback, errcheck and thread: up to their "end" */
    size_t body_count;
};

struct table {
    struct line *cases; /* each with its lines as body */
    size_t count;
};

/* Never freed. What cannot be read ends the program. */
struct table *table_read(const char *path);

/* Ends the program with a message, because the table asks for something that makes no sense. */
_Noreturn void table_error(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Memory for whatever the program remembers. It is zeroed, never freed, and reachable to the end,
 * so that every leak that a sanitizer reports is one of the core's. Ends the program instead of
 * failing.
 */
void *allocate(size_t size);

/* A copy of `array` with room for one more element of `size` bytes after its `count`. */
void *append(const void *array, size_t count, size_t size);

/* A copy of the first `length` characters. */
char *copy_text(const char *text, size_t length);

#endif
