/*
 * The grammar of C's declarations, as far as a function's type needs it. It does not matter to a
 * call what a pointer leads to. So only the outermost derivations of a declarator are kept, and the
 * parameters of functions that are pointed to are only checked for their grammar.
 */
#include "core/prototype/parse.h"

#include <stdlib.h>
#include <string.h>

#include "core/fail.h"
#include "core/prototype/names.h"
#include "core/prototype/words.h"
#include "core/type.h"

/* Far more than anybody writes, far less than any stack has room for. */
#define DEEPEST_NESTING 64

struct parser {
    const char *text;
    const struct ffitap_names *names;
    struct ffitap_prototype *prototype;
    struct ffitap_error *error;
    struct ffitap__token token; /* the next one, not taken yet */
    unsigned depth;
};

/* What the words before a declarator say. */
struct base {
    struct ffitap__token tag; /* "struct", "union" or "enum"; of length 0 if there is none */
    struct ffitap__token word;
    const struct ffitap_type *type; /* NULL: a name that nobody registered, good for pointers */
    enum ffitap_basic_type pointer; /* what a pointer to it is */
};

enum derivation {
    POINTER,
    ARRAY,
    FUNCTION,
};

/* "*name[3]" is an ARRAY of a POINTER: the outermost first. */
struct declarator {
    bool is_function; /* it is the declared function itself: its parameters count */
    struct ffitap__token name;
    enum derivation outermost, second, last;
    size_t count;
};

static void advance(struct parser *parser)
{
    parser->token = ffitap__token_after(&parser->token);
}

static enum ffitap_status fail_expected(struct parser *parser, const char *what)
{
    return ffitap__token_expected(parser->text, &parser->token, what, parser->error);
}

static enum ffitap_status take(struct parser *parser, int kind, const char *what)
{
    if (parser->token.kind != kind)
        return fail_expected(parser, what);
    advance(parser);
    return FFITAP_OK;
}

static enum ffitap_status enter(struct parser *parser)
{
    if (parser->depth == DEEPEST_NESTING)
        return ffitap__token_fail(parser->text, &parser->token, parser->error,
                                  "more than %d levels of parentheses", DEEPEST_NESTING);
    parser->depth++;
    return FFITAP_OK;
}

static enum ffitap_status parse_basic_word(struct parser *parser, const struct ffitap__word *word,
                                           unsigned *sum)
{
    const unsigned each = word->value * 3; /* its two bits */

    if ((*sum & each) == each)
        return ffitap__token_fail(parser->text, &parser->token, parser->error,
                                  "'%s' is there too often", word->text);
    *sum += word->value;
    advance(parser);
    return FFITAP_OK;
}

/* Reads "struct", "union" or "enum", and the name behind it. */
static enum ffitap_status parse_tagged(struct parser *parser, bool is_enum, struct base *base)
{
    base->tag = parser->token;
    advance(parser);
    if (parser->token.kind != FFITAP__TOKEN_WORD ||
        !ffitap__word_can_be_tagged(ffitap__word_find(&parser->token)))
        return fail_expected(parser, "a name");
    base->type = is_enum ? ffitap_type_borrow(FFITAP_TYPE_INT)
                         : ffitap__names_find(parser->names, &base->tag, &parser->token);
    base->word = parser->token;
    advance(parser);
    return FFITAP_OK;
}

/* Takes a type that is one word: a type that we know, a registered name, or an unknown name. */
static void take_type_word(struct parser *parser, const struct ffitap__word *word,
                           struct base *base)
{
    if (word && word->kind == FFITAP__WORD_OBJECT)
        base->pointer = FFITAP_TYPE_PYOBJECT;
    else if (word)
        base->type = ffitap_type_borrow((enum ffitap_basic_type)word->value);
    else
        base->type = ffitap__names_find(parser->names, NULL, &parser->token);
    advance(parser);
}

static enum ffitap_status refuse_word(struct parser *parser)
{
    return ffitap__token_fail(parser->text, &parser->token, parser->error,
                              "'%.*s' has no meaning here", FFITAP__TOKEN_QUOTED(&parser->token));
}

/* Takes one more word of a type. `*is_whole` is set once the type needs no other word; `*sum` is
 * the sum of the basic words so far. */
static enum ffitap_status parse_type_word(struct parser *parser, const struct ffitap__word *word,
                                          struct base *base, bool *is_whole, unsigned *sum)
{
    const bool is_basic = word && word->kind == FFITAP__WORD_BASIC;

    if (*is_whole || (*sum && !is_basic))
        return refuse_word(parser);
    if (!*sum)
        base->word = parser->token;
    if (is_basic)
        return parse_basic_word(parser, word, sum);
    *is_whole = true;
    if (word && (word->kind == FFITAP__WORD_TAG || word->kind == FFITAP__WORD_ENUM))
        return parse_tagged(parser, word->kind == FFITAP__WORD_ENUM, base);
    take_type_word(parser, word, base);
    return FFITAP_OK;
}

/*
 * Finds the type of a pointer to this type. In two cases this type says what the pointer points to.
 */
static void find_pointer(struct base *base)
{
    if (base->type == ffitap_type_borrow(FFITAP_TYPE_CHAR))
        base->pointer = FFITAP_TYPE_STRING;
    if (base->type == ffitap_type_borrow(FFITAP_TYPE_WCHAR))
        base->pointer = FFITAP_TYPE_WSTRING;
}

static enum ffitap_status finish_base(struct parser *parser, bool is_whole, unsigned sum,
                                      struct base *base)
{
    if (!is_whole && !sum)
        return fail_expected(parser, "a type");
    if (sum) {
        base->type = ffitap__word_type(sum);
        if (!base->type)
            return ffitap__token_fail(parser->text, &base->word, parser->error,
                                      "these words make no type");
    }
    find_pointer(base);
    return FFITAP_OK;
}

static bool is_qualifier(const struct ffitap__word *word)
{
    return word && word->kind == FFITAP__WORD_QUALIFIER;
}

/* Reads the words before a declarator. A word that we do not know is a type or, if it stands behind
 * a type, a name. */
static enum ffitap_status parse_base(struct parser *parser, struct base *base)
{
    enum ffitap_status status = FFITAP_OK;
    bool is_whole = false;
    unsigned sum = 0;

    *base = (struct base){.word = parser->token, .pointer = FFITAP_TYPE_POINTER};
    while (status == FFITAP_OK && parser->token.kind == FFITAP__TOKEN_WORD) {
        const struct ffitap__word *word = ffitap__word_find(&parser->token);

        if (!word && (is_whole || sum))
            break;
        if (word && (word->kind == FFITAP__WORD_REFUSED || word->kind == FFITAP__WORD_EXTERN))
            status = refuse_word(parser);
        else if (is_qualifier(word))
            advance(parser);
        else
            status = parse_type_word(parser, word, base, &is_whole, &sum);
    }
    return status == FFITAP_OK ? finish_base(parser, is_whole, sum, base) : status;
}

/* C has neither functions that return functions or arrays nor arrays of functions. */
static enum ffitap_status derive(struct parser *parser, struct declarator *declarator,
                                 enum derivation derivation)
{
    const bool is_first = declarator->count == 0;

    if (!is_first && declarator->last != POINTER && derivation != POINTER &&
        (declarator->last == FUNCTION || derivation == FUNCTION))
        return ffitap__token_fail(parser->text, &parser->token, parser->error, "%s cannot %s",
                                  declarator->last == FUNCTION ? "a function" : "an array",
                                  declarator->last == FUNCTION ? "return a function or an array"
                                                               : "hold functions");
    if (is_first)
        declarator->outermost = derivation;
    if (declarator->count == 1)
        declarator->second = derivation;
    declarator->last = derivation;
    declarator->count++;
    return FFITAP_OK;
}

static enum ffitap_status parse_parameters(struct parser *parser, bool counts);

static enum ffitap_status parse_function(struct parser *parser, struct declarator *declarator)
{
    const bool counts = declarator->is_function && declarator->count == 0;
    enum ffitap_status status = derive(parser, declarator, FUNCTION);

    if (status == FFITAP_OK)
        status = enter(parser);
    if (status != FFITAP_OK)
        return status;
    advance(parser);
    status = parse_parameters(parser, counts);
    parser->depth--;
    return status;
}

/* Reads an array's brackets. The length does not matter. Inside, "static" and qualifiers are
 * allowed, as in C. */
static enum ffitap_status parse_array(struct parser *parser, struct declarator *declarator)
{
    const enum ffitap_status status = derive(parser, declarator, ARRAY);

    if (status != FFITAP_OK)
        return status;
    do
        advance(parser);
    while (parser->token.kind == FFITAP__TOKEN_WORD || parser->token.kind == FFITAP__TOKEN_NUMBER ||
           parser->token.kind == '*');
    return take(parser, ']', "']'");
}

static bool is_type_word(const struct parser *parser, const struct ffitap__token *token)
{
    return ffitap__word_find(token) || ffitap__names_find(parser->names, NULL, token);
}

/*
 * Whether a "(" that stands where a name may stand opens a declarator, as in "int (*f)(void)" and
 * "int (f)(void)". Otherwise it opens the parameters of a function without a name, as in "int (FILE
 * *)".
 */
static bool opens_declarator(const struct parser *parser)
{
    const struct ffitap__token inner = ffitap__token_after(&parser->token);
    const struct ffitap__token behind = ffitap__token_after(&inner);

    if (inner.kind == '*' || inner.kind == '(' || inner.kind == '[')
        return true;
    return inner.kind == FFITAP__TOKEN_WORD && !is_type_word(parser, &inner) &&
           (behind.kind == ')' || behind.kind == '(' || behind.kind == '[');
}

static size_t take_pointers(struct parser *parser)
{
    size_t count = 0;

    while (parser->token.kind == '*' || is_qualifier(ffitap__word_find(&parser->token))) {
        count += parser->token.kind == '*';
        advance(parser);
    }
    return count;
}

static enum ffitap_status parse_declarator(struct parser *parser, struct declarator *declarator);

/* Reads the name, or what stands in parentheses in its place. */
static enum ffitap_status parse_core(struct parser *parser, struct declarator *declarator)
{
    enum ffitap_status status = FFITAP_OK;

    if (parser->token.kind == FFITAP__TOKEN_WORD) {
        if (ffitap__word_find(&parser->token))
            return refuse_word(parser);
        declarator->name = parser->token;
        advance(parser);
    } else if (parser->token.kind == '(' && opens_declarator(parser)) {
        status = enter(parser);
        if (status != FFITAP_OK)
            return status;
        advance(parser);
        status = parse_declarator(parser, declarator);
        parser->depth--;
        if (status == FFITAP_OK)
            status = take(parser, ')', "')'");
    }
    return status;
}

static enum ffitap_status parse_declarator(struct parser *parser, struct declarator *declarator)
{
    const size_t pointers = take_pointers(parser);
    enum ffitap_status status = parse_core(parser, declarator);

    while (status == FFITAP_OK && (parser->token.kind == '(' || parser->token.kind == '['))
        status = parser->token.kind == '(' ? parse_function(parser, declarator)
                                           : parse_array(parser, declarator);
    for (size_t i = 0; i < pointers && status == FFITAP_OK; i++)
        status = derive(parser, declarator, POINTER);
    return status;
}

static enum ffitap_status fail_unknown(struct parser *parser, const struct base *base)
{
    const bool tagged = base->tag.length;

    return ffitap__token_fail(parser->text, tagged ? &base->tag : &base->word, parser->error,
                              "'%.*s%s%.*s' is no type that is known", (int)base->tag.length,
                              tagged ? base->tag.text : "", tagged ? " " : "",
                              FFITAP__TOKEN_QUOTED(&base->word));
}

/* Finds the type of a parameter that is a value, or that is an array because its type's name says
 * so. */
static enum ffitap_status find_value(struct parser *parser, const struct base *base,
                                     const struct ffitap_type **out)
{
    if (!base->type)
        return fail_unknown(parser, base);
    if (base->type->ffi == &ffi_type_void)
        return ffitap__token_fail(parser->text, &base->word, parser->error,
                                  "a parameter cannot be void");
    *out = base->type->shape == FFITAP__ARRAY ? ffitap_type_borrow(base->pointer) : base->type;
    return FFITAP_OK;
}

static enum ffitap_status add_parameter(struct parser *parser, const struct ffitap_type *type)
{
    struct ffitap_prototype *prototype = parser->prototype;

    if (prototype->count == prototype->capacity) {
        const size_t capacity = prototype->capacity ? 2 * prototype->capacity : 8;
        const struct ffitap_type **larger =
            realloc(prototype->arguments, capacity * sizeof(*larger));

        if (!larger)
            return ffitap__fail(parser->error, FFITAP_NO_MEMORY, "no memory for %zu parameters",
                                capacity);
        prototype->arguments = larger;
        prototype->capacity = capacity;
    }
    prototype->arguments[prototype->count++] = ffitap__type_retain(type);
    return FFITAP_OK;
}

static enum ffitap_status parse_parameter(struct parser *parser, bool counts)
{
    struct base base;
    struct declarator declarator = {0};
    const struct ffitap_type *type = NULL;
    enum ffitap_status status = FFITAP_OK;

    if (counts && parser->prototype->count == FFITAP_ARGUMENT_MAX)
        return ffitap__token_fail(parser->text, &parser->token, parser->error,
                                  "more than %d parameters", FFITAP_ARGUMENT_MAX);
    status = parse_base(parser, &base);
    if (status == FFITAP_OK)
        status = parse_declarator(parser, &declarator);
    if (status != FFITAP_OK || !counts)
        return status;
    if (declarator.count == 0)
        status = find_value(parser, &base, &type);
    else if (declarator.count == 1 && declarator.outermost != FUNCTION)
        type = ffitap_type_borrow(base.pointer);
    else
        type = ffitap_type_borrow(FFITAP_TYPE_POINTER);
    return status == FFITAP_OK ? add_parameter(parser, type) : status;
}

/* Reads the rest of "(void)", or of "()", which says nothing. False if there are parameters. */
static bool is_without_parameters(struct parser *parser, bool counts)
{
    const bool is_void =
        ffitap__token_is(&parser->token, "void") && ffitap__token_after(&parser->token).kind == ')';

    if (is_void)
        advance(parser);
    if (parser->token.kind != ')')
        return false;
    if (counts)
        parser->prototype->is_complete = is_void;
    advance(parser);
    return true;
}

/* Reads what follows "(", up to and with ")". */
static enum ffitap_status parse_parameters(struct parser *parser, bool counts)
{
    enum ffitap_status status = FFITAP_OK;
    bool is_variadic = false;

    if (is_without_parameters(parser, counts))
        return FFITAP_OK;
    if (parser->token.kind == FFITAP__TOKEN_ELLIPSIS)
        return ffitap__token_fail(parser->text, &parser->token, parser->error,
                                  "'...' needs a parameter before it");
    status = parse_parameter(parser, counts);
    while (status == FFITAP_OK && parser->token.kind == ',' && !is_variadic) {
        advance(parser);
        is_variadic = parser->token.kind == FFITAP__TOKEN_ELLIPSIS;
        if (is_variadic)
            advance(parser);
        else
            status = parse_parameter(parser, counts);
    }
    if (status != FFITAP_OK)
        return status;
    if (counts) {
        parser->prototype->is_complete = true;
        parser->prototype->is_variadic = is_variadic;
    }
    return take(parser, ')', is_variadic ? "')' behind '...'" : "',' or ')'");
}

static enum ffitap_status keep_name(struct parser *parser, const struct declarator *declarator)
{
    const struct ffitap__token *name = &declarator->name;

    if (!name->length)
        return FFITAP_OK;
    parser->prototype->name_position = (size_t)(name->text - parser->text);
    parser->prototype->name = calloc(1, name->length + 1);
    if (!parser->prototype->name)
        return ffitap__fail(parser->error, FFITAP_NO_MEMORY, "no memory for a function's name");
    memcpy(parser->prototype->name, name->text, name->length);
    return FFITAP_OK;
}

static enum ffitap_status keep_result(struct parser *parser, const struct base *base,
                                      const struct declarator *declarator)
{
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_POINTER);

    if (declarator->count == 1)
        type = base->type;
    else if (declarator->count == 2)
        type = ffitap_type_borrow(base->pointer);
    if (!type)
        return fail_unknown(parser, base);
    if (type->shape == FFITAP__ARRAY)
        return ffitap__token_fail(parser->text, &base->word, parser->error,
                                  "a function cannot return an array");
    parser->prototype->result = ffitap__type_retain(type);
    return FFITAP_OK;
}

static enum ffitap_status parse_whole(struct parser *parser)
{
    struct base base;
    struct declarator declarator = {.is_function = true};
    enum ffitap_status status = parse_base(parser, &base);

    if (status == FFITAP_OK)
        status = parse_declarator(parser, &declarator);
    if (status != FFITAP_OK)
        return status;
    if (!declarator.count)
        return fail_expected(parser, "the parameters of a function");
    if (declarator.outermost != FUNCTION)
        return ffitap__token_fail(parser->text, &base.word, parser->error,
                                  "this declares no function, but %s",
                                  declarator.outermost == POINTER ? "a pointer" : "an array");
    if (parser->token.kind == ';')
        advance(parser);
    status = take(parser, FFITAP__TOKEN_END, "the end");
    if (status == FFITAP_OK)
        status = keep_name(parser, &declarator);
    return status == FFITAP_OK ? keep_result(parser, &base, &declarator) : status;
}

enum ffitap_status ffitap__prototype_parse(const char *text, const struct ffitap_names *names,
                                           struct ffitap_prototype *prototype,
                                           struct ffitap_error *error)
{
    struct parser parser = {.text = text,
                            .names = names,
                            .prototype = prototype,
                            .error = error,
                            .token = ffitap__token_read(text)};

    if (ffitap__token_is(&parser.token, "extern"))
        advance(&parser);
    return parse_whole(&parser);
}
