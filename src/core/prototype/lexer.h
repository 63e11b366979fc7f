/* The words and signs of a prototype. */
#ifndef FFITAP_CORE_PROTOTYPE_LEXER_H
#define FFITAP_CORE_PROTOTYPE_LEXER_H

#include <stdbool.h>
#include <stddef.h>

#include <ffitap/status.h>

/* The kinds of tokens. Any other token is a sign of one character, and its kind is that character:
 * '(', '*', ... */
enum ffitap__token_kind {
    FFITAP__TOKEN_END,
    FFITAP__TOKEN_WORD,
    FFITAP__TOKEN_NUMBER,
    FFITAP__TOKEN_ELLIPSIS,
    FFITAP__TOKEN_OPEN_COMMENT, /* that nothing closes */
    FFITAP__TOKEN_STRANGE,      /* a byte that no prototype has */
};

/* A piece of the text that is read: nothing is copied. */
struct ffitap__token {
    int kind;
    const char *text;
    size_t length;
};

/* The token that begins at `text` or after the white space and the comments there. */
struct ffitap__token ffitap__token_read(const char *text);

/* The token behind `token`. */
struct ffitap__token ffitap__token_after(const struct ffitap__token *token);

bool ffitap__token_is(const struct ffitap__token *token, const char *word);

/* Fails with FFITAP_BAD_TYPE, and says what the text would need at `token` to make sense. */
enum ffitap_status ffitap__token_expected(const char *text, const struct ffitap__token *token,
                                          const char *what, struct ffitap_error *error);

/* Fails with FFITAP_BAD_TYPE, and says in the caller's words what is wrong at `token` of `text`. */
__attribute__((format(printf, 4, 5))) enum ffitap_status
ffitap__token_fail(const char *text, const struct ffitap__token *token, struct ffitap_error *error,
                   const char *format, ...);

/* For "'%.*s'": the token, as far as it fits into a text. */
#define FFITAP__TOKEN_QUOTED(token)                                                                \
    ((token)->length < 60 ? (int)(token)->length : 60), (token)->text

#endif
