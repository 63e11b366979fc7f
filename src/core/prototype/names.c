#include "core/prototype/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/fail.h"
#include "core/prototype/words.h"
#include "core/type.h"

struct named {
    struct named *next;
    const struct ffitap_type *type; /* held */
    struct ffitap__token tag;       /* of length 0 if it has none */
    struct ffitap__token word;
    char text[]; /* what both point into */
};

struct ffitap_names {
    struct named *first;
};

enum ffitap_status ffitap_names_create(struct ffitap_names **out, struct ffitap_error *error)
{
    const int saved = errno;
    struct ffitap_names *names = calloc(1, sizeof(*names));

    errno = saved;
    if (!names)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for a list of names");
    *out = names;
    return FFITAP_OK;
}

void ffitap_names_destroy(struct ffitap_names *names)
{
    const int saved = errno;
    struct named *named = names ? names->first : NULL;

    while (named) {
        struct named *next = named->next;

        ffitap__type_release(named->type);
        free(named);
        named = next;
    }
    free(names);
    errno = saved;
}

static bool are_equal(const struct ffitap__token *one, const struct ffitap__token *other)
{
    return one->length == other->length && memcmp(one->text, other->text, one->length) == 0;
}

const struct ffitap_type *ffitap__names_find(const struct ffitap_names *names,
                                             const struct ffitap__token *tag,
                                             const struct ffitap__token *word)
{
    static const struct ffitap__token none = {.text = ""};
    const struct named *named = names ? names->first : NULL;

    while (named && !(are_equal(&named->tag, tag ? tag : &none) && are_equal(&named->word, word)))
        named = named->next;
    return named ? named->type : NULL;
}

/* Takes `name` apart: a tag, if there is one, and a word. */
static bool read_name(const char *name, struct ffitap__token *tag, struct ffitap__token *word)
{
    *word = ffitap__token_read(name);
    *tag = *word;
    tag->length = 0;
    const struct ffitap__word *known = ffitap__word_find(word);
    if (known && known->kind == FFITAP__WORD_TAG) {
        *tag = *word;
        *word = ffitap__token_after(word);
    }
    return word->kind == FFITAP__TOKEN_WORD && ffitap__token_after(word).kind == FFITAP__TOKEN_END;
}

static bool is_taken(const struct ffitap__token *tag, const struct ffitap__token *word)
{
    const struct ffitap__word *known = ffitap__word_find(word);

    return tag->length ? !ffitap__word_can_be_tagged(known) : known != NULL;
}

static enum ffitap_status add(struct ffitap_names *names, const char *name,
                              const struct ffitap_type *type, struct ffitap_error *error)
{
    const size_t size = strlen(name) + 1;
    struct named *named = calloc(1, sizeof(*named) + size);

    if (!named)
        return ffitap__fail(error, FFITAP_NO_MEMORY, "no memory for the name '%s'", name);
    memcpy(named->text, name, size);
    read_name(named->text, &named->tag, &named->word);
    named->type = ffitap__type_retain(type);
    named->next = names->first;
    names->first = named;
    return FFITAP_OK;
}

enum ffitap_status ffitap_names_add(struct ffitap_names *names, const char *name,
                                    const struct ffitap_type *type, struct ffitap_error *error)
{
    const int saved = errno;
    struct ffitap__token tag, word;

    if (!name || !type)
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "the %s is NULL", name ? "type" : "name");
    if (!read_name(name, &tag, &word))
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT,
                            "a type's name is a word, or \"struct\" or \"union\" and a word");
    if (is_taken(&tag, &word))
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "'%s' has a meaning of its own", name);
    if (ffitap__names_find(names, &tag, &word))
        return ffitap__fail(error, FFITAP_BAD_ARGUMENT, "'%s' is named already", name);
    const enum ffitap_status status = add(names, name, type, error);
    errno = saved;
    return status;
}
