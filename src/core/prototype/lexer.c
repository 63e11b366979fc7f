#include "core/prototype/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/fail.h"

/* Not <ctype.h>: prototypes mean the same in every locale. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

static bool is_printable(char c)
{
    return c > ' ' && c <= '~';
}

/* Where the comment at `text` ends; NULL if it is not closed. If there is no comment, this is
 * `text` itself. */
static const char *end_of_comment(const char *text)
{
    if (strncmp(text, "//", 2) == 0)
        return text + strcspn(text, "\n");
    if (strncmp(text, "/*", 2) != 0)
        return text;
    const char *end = strstr(text + 2, "*/");
    return end ? end + 2 : NULL;
}

static size_t length_of_word(const char *text)
{
    size_t length = 0;

    while (is_word(text[length]))
        length++;
    return length;
}

static struct ffitap__token make(int kind, const char *text, size_t length)
{
    return (struct ffitap__token){.kind = kind, .text = text, .length = length};
}

static struct ffitap__token read_behind_space(const char *text)
{
    if (!*text)
        return make(FFITAP__TOKEN_END, text, 0);
    if (is_word(*text))
        return make(is_digit(*text) ? FFITAP__TOKEN_NUMBER : FFITAP__TOKEN_WORD, text,
                    length_of_word(text));
    if (strncmp(text, "...", 3) == 0)
        return make(FFITAP__TOKEN_ELLIPSIS, text, 3);
    return make(strchr("()[]*,;", *text) ? *text : FFITAP__TOKEN_STRANGE, text, 1);
}

struct ffitap__token ffitap__token_read(const char *text)
{
    for (;;) {
        text += strspn(text, " \t\n\r\v\f");
        const char *end = end_of_comment(text);
        if (!end)
            return make(FFITAP__TOKEN_OPEN_COMMENT, text, 2);
        if (end == text)
            return read_behind_space(text);
        text = end;
    }
}

struct ffitap__token ffitap__token_after(const struct ffitap__token *token)
{
    return ffitap__token_read(token->text + token->length);
}

bool ffitap__token_is(const struct ffitap__token *token, const char *word)
{
    return token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

enum ffitap_status ffitap__token_fail(const char *text, const struct ffitap__token *token,
                                      struct ffitap_error *error, const char *format, ...)
{
    const size_t position = (size_t)(token->text - text) + 1;
    char reason[sizeof(error->text)];
    va_list arguments;

    if (!error || error->status != FFITAP_OK)
        return FFITAP_BAD_TYPE;
    va_start(arguments, format);
    vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    error->position = position;
    return ffitap__fail(error, FFITAP_BAD_TYPE, "character %zu: %s", position, reason);
}

enum ffitap_status ffitap__token_expected(const char *text, const struct ffitap__token *token,
                                          const char *what, struct ffitap_error *error)
{
    switch (token->kind) {
    case FFITAP__TOKEN_END:
        return ffitap__token_fail(text, token, error, "expected %s, but the text ends", what);
    case FFITAP__TOKEN_OPEN_COMMENT:
        return ffitap__token_fail(text, token, error, "nothing closes this comment");
    case FFITAP__TOKEN_STRANGE:
        if (!is_printable(*token->text))
            return ffitap__token_fail(text, token, error, "byte 0x%02x has no meaning here",
                                      (unsigned char)*token->text);
        return ffitap__token_fail(text, token, error, "'%c' has no meaning here", *token->text);
    default:
        return ffitap__token_fail(text, token, error, "expected %s, not '%.*s'", what,
                                  FFITAP__TOKEN_QUOTED(token));
    }
}
