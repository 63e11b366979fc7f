/* How prototypes find the types that were named. */
#ifndef FFITAP_CORE_PROTOTYPE_NAMES_H
#define FFITAP_CORE_PROTOTYPE_NAMES_H

#include <ffitap/prototype.h>

#include "core/prototype/lexer.h"

/* The type that is called `word`, with `tag` ("struct" or "union") before it if that is not NULL.
 * It stays the property of `names`. NULL if there is none, or if `names` is NULL. */
const struct ffitap_type *ffitap__names_find(const struct ffitap_names *names,
                                             const struct ffitap__token *tag,
                                             const struct ffitap__token *word);

#endif
