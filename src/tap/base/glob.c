#include "tap/base/glob.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define OPEN_BRACKET "a [ without its ]"

/* The byte that is compared with a bracket, and whether the bracket names it. */
struct probe {
    unsigned char byte;
    bool is_named;
    const char *flaw; /* of the bracket; NULL as long as it has none */
};

static const struct {
    const char *name;
    int (*holds)(int byte);
} classes[] = {
    {"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
    {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
    {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit},
};

/* "[:alpha:]" within a bracket, at `at`. Returns what follows. */
static const char *probe_class(const char *at, struct probe *probe)
{
    const char *name = at + 2;
    const char *end = strstr(name, ":]");
    const size_t length = end ? (size_t)(end - name) : 0;

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strlen(classes[i].name) == length && strncmp(classes[i].name, name, length) == 0) {
            /*
             * Other bytes are left out, because the host's locale would decide about their class.
             */
            probe->is_named |= probe->byte < 0x80 && classes[i].holds(probe->byte);
            return end + 2;
        }
    }
    probe->flaw = "no such class of characters";
    return at;
}

/* Takes the byte at `*at`, and moves `*at` behind it. */
static unsigned char take_byte(const char **at, struct probe *probe)
{
    if (**at == '\\')
        ++*at;
    if (**at == '\0') {
        probe->flaw = OPEN_BRACKET;
        return 0;
    }
    return (unsigned char)*(*at)++;
}

/* A byte, a range or a class of them within a bracket, at `at`. Returns what follows. */
static const char *probe_element(const char *at, struct probe *probe)
{
    if (at[0] == '[' && at[1] == ':')
        return probe_class(at, probe);
    if (at[0] == '[' && (at[1] == '.' || at[1] == '=')) {
        probe->flaw = "[. and [= are not supported";
        return at;
    }
    const unsigned char first = take_byte(&at, probe);
    unsigned char last = first;
    if (!probe->flaw && at[0] == '-' && at[1] != ']') {
        at++;
        if (at[0] == '[' && at[1] && strchr(":.=", at[1])) /* POSIX leaves open what that means */
            probe->flaw = "a range ends with a class of characters";
        last = take_byte(&at, probe);
    }
    probe->is_named |= first <= probe->byte && probe->byte <= last;
    return at;
}

/* The bracket at `at`. Returns what follows it. */
static const char *probe_bracket(const char *at, struct probe *probe)
{
    const bool is_negated = at[1] == '!' || at[1] == '^';

    at += is_negated ? 2 : 1;
    do /* a ] that comes first is one of the bytes */
        at = probe_element(at, probe);
    while (!probe->flaw && *at != ']');
    probe->is_named ^= is_negated;
    return probe->flaw ? at : at + 1;
}

/* Whether the first element of `*glob`, which is no *, matches the byte. If it does, `*glob` is
 * moved behind that element. */
static bool matches_byte(const char **glob, char byte)
{
    struct probe probe = {.byte = (unsigned char)byte};
    const char *at = *glob;

    if (*at == '[') {
        at = probe_bracket(at, &probe);
    } else {
        at += *at == '\\';
        probe.is_named = *at == byte || (*at == '?' && at == *glob);
        at++;
    }
    if (probe.is_named)
        *glob = at;
    return probe.is_named;
}

/*
 * Where text and glob differ, the last * is made to match one byte more. Nothing else has to be
 * tried: if that does not help, no earlier * can help either. So matching never takes longer than
 * the length of the glob times that of the text.
 */
bool ffitap__glob_matches(const char *glob, const char *text)
{
    const char *behind_star = NULL, *matched_by_star = NULL;

    while (*text) {
        if (*glob == '*') {
            behind_star = ++glob;
            matched_by_star = text;
        } else if (*glob && matches_byte(&glob, *text)) {
            text++;
        } else if (behind_star) {
            glob = behind_star;
            text = ++matched_by_star;
        } else {
            return false;
        }
    }
    return glob[strspn(glob, "*")] == '\0';
}

const char *ffitap__glob_flaw(const char *glob)
{
    struct probe probe = {0};

    while (*glob && !probe.flaw) {
        if (*glob == '[') {
            glob = probe_bracket(glob, &probe);
        } else if (*glob == '\\' && !glob[1]) {
            return "nothing behind the \\";
        } else {
            glob += *glob == '\\' ? 2 : 1;
        }
    }
    return probe.flaw;
}
