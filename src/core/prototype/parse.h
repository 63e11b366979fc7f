/* What a prototype is made of, and who reads it. */
#ifndef FFITAP_CORE_PROTOTYPE_PARSE_H
#define FFITAP_CORE_PROTOTYPE_PARSE_H

#include <ffitap/prototype.h>

#include "core/prototype/lexer.h"

/* While a prototype is read, `result` is NULL until it is known. The prototype holds everything
 * that it points to. */
struct ffitap_prototype {
    char *name; /* NULL if it has none */
    size_t name_position;
    const struct ffitap_type *result;
    const struct ffitap_type **arguments;
    size_t count;
    size_t capacity;
    bool is_variadic;
    bool is_complete;
};

/* Reads `text` into `prototype`, which must be zero before. On failure `prototype` holds what was
 * read until then. */
enum ffitap_status ffitap__prototype_parse(const char *text, const struct ffitap_names *names,
                                           struct ffitap_prototype *prototype,
                                           struct ffitap_error *error);

#endif
