#include "tap/base/filter.h"

#include <string.h>

#include "tap/base/glob.h"

struct pattern {
    const char *symbol;
    const char *library;
    bool is_path; /* `library` wants more than the file's name */
    bool excludes;
};

static struct {
    char text[FFITAP__FILTER_SIZE]; /* the patterns lie in it */
    struct pattern patterns[FFITAP__FILTER_PATTERN_MAX];
    unsigned count;
    bool includes; /* some pattern has no !: calls that match none of these are not measured */
} filter;

/* The pattern from `start` to `end`, without the blanks around it. */
static void trim(const char **start, const char **end)
{
    while (*start < *end && **start == ' ')
        ++*start;
    while (*start < *end && (*end)[-1] == ' ')
        --*end;
}

/*
 * Ends the symbol at the @ and returns where the library begins behind it. NULL if there is no @.
 */
static char *split(char *text)
{
    for (; *text; text++) {
        if (*text == '@') {
            *text = '\0';
            return text + 1;
        }
        if (*text == '\\' && text[1])
            text++;
    }
    return NULL;
}

/* Makes a pattern of `text`, which it takes apart. Returns why that cannot be, or NULL. */
static const char *understand(struct pattern *pattern, char *text)
{
    pattern->excludes = *text == '!';
    if (pattern->excludes)
        text++;
    const char *library = split(text);
    if (library && !*library)
        return "no library behind the @";
    if (!library && !*text)
        return pattern->excludes ? "nothing behind the !" : "an empty pattern";
    if (strchr(text, '/'))
        return "no symbol holds a /; a library stands behind an @";
    const char *flaw = ffitap__glob_flaw(text);
    if (!flaw && library)
        flaw = ffitap__glob_flaw(library);
    pattern->symbol = *text ? text : "*";
    pattern->library = library ? library : "*";
    pattern->is_path = strchr(pattern->library, '/');
    return flaw;
}

/* Adds the pattern from `start` to `end`. Returns why that cannot be, or NULL. */
static const char *add(const char *start, const char *end, char **room)
{
    char *copy = *room;

    if (filter.count == FFITAP__FILTER_PATTERN_MAX)
        return "one pattern too many";
    *room = (char *)mempcpy(copy, start, (size_t)(end - start)) + 1;
    (*room)[-1] = '\0';
    struct pattern *pattern = &filter.patterns[filter.count];
    const char *why = understand(pattern, copy);
    if (!why) {
        filter.includes |= !pattern->excludes;
        filter.count++;
    }
    return why;
}

static bool fail(struct ffitap__filter_flaw *flaw, const char *why, const char *start,
                 const char *end)
{
    *flaw = (struct ffitap__filter_flaw){why, start, (size_t)(end - start)};
    filter.count = 0;
    return false;
}

bool ffitap__filter_set(const char *text, struct ffitap__filter_flaw *flaw)
{
    char *room = filter.text;

    filter.count = 0;
    filter.includes = false;
    if (!text || !*text)
        return true;
    if (strlen(text) >= sizeof(filter.text))
        return fail(flaw, "too long", NULL, NULL);
    for (const char *rest = text;; rest++) {
        const char *start = rest, *end = rest = strchrnul(rest, ',');

        trim(&start, &end);
        const char *why = add(start, end, &room);
        if (why)
            return fail(flaw, why, start, end);
        if (!*rest)
            return true;
    }
}

static bool matches(const struct pattern *pattern, const char *library, const char *symbol)
{
    const char *slash = pattern->is_path ? NULL : strrchr(library, '/');

    return ffitap__glob_matches(pattern->symbol, symbol) &&
           ffitap__glob_matches(pattern->library, slash ? slash + 1 : library);
}

bool ffitap__filter_excludes(const char *library, const char *symbol)
{
    bool is_included = !filter.count || !filter.includes;

    for (unsigned i = 0; i < filter.count; i++) {
        const struct pattern *pattern = &filter.patterns[i];

        if ((pattern->excludes || !is_included) && matches(pattern, library, symbol)) {
            if (pattern->excludes)
                return true;
            is_included = true;
        }
    }
    return !is_included;
}
