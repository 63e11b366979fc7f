/* The words that prototypes know by themselves. */
#ifndef FFITAP_CORE_PROTOTYPE_WORDS_H
#define FFITAP_CORE_PROTOTYPE_WORDS_H

#include <ffitap/type.h>

#include "core/prototype/lexer.h"

enum ffitap__word_kind {
    FFITAP__WORD_QUALIFIER, /* const: changes nothing about how a value travels */
    FFITAP__WORD_EXTERN,
    FFITAP__WORD_TAG,   /* struct, union: a name follows */
    FFITAP__WORD_ENUM,  /* a name follows, too */
    FFITAP__WORD_BASIC, /* unsigned, long, ...: one of several that make a type */
    FFITAP__WORD_TYPE,  /* size_t, ...: a type by itself */
    FFITAP__WORD_OBJECT,
    FFITAP__WORD_REFUSED, /* the other words of C's and of compilers' */
};

struct ffitap__word {
    const char *text;
    enum ffitap__word_kind kind;
    unsigned value; /* BASIC: what to add up; TYPE: enum ffitap_basic_type */
};

/* NULL for any other word, and for what is no word. */
const struct ffitap__word *ffitap__word_find(const struct ffitap__token *token);

/* Whether a structure, union or enumeration can have this name. `word` says what else the name
 * means: it may also be a type that headers define, but not one of C's own words. */
static inline bool ffitap__word_can_be_tagged(const struct ffitap__word *word)
{
    return !word || word->kind == FFITAP__WORD_TYPE || word->kind == FFITAP__WORD_OBJECT;
}

/* The type that several basic words make, from the sum of their values, each of them counted up to
 * three times. NULL if there is no such type. */
const struct ffitap_type *ffitap__word_type(unsigned sum);

#endif
