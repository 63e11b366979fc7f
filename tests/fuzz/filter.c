/* Filters. The input is a filter, the path of a library and the name of a function, a line each. */
#include "tap/base/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void expect_explained(const char *text, const struct ffitap__filter_flaw *flaw)
{
    fuzz_expect(flaw->why && *flaw->why, "what is wrong is said");
    if (flaw->pattern)
        fuzz_expect(flaw->pattern >= text && flaw->pattern + flaw->length <= text + strlen(text),
                    "the pattern is in the text");
}

/* Whether the filter with one pattern more leaves the function out. If the filter can have no more
 * patterns, this is `otherwise`. */
static bool excludes_with(const char *text, const char *pattern, const char *library,
                          const char *symbol, bool otherwise)
{
    struct ffitap__filter_flaw flaw;
    char *more = NULL;

    fuzz_expect(asprintf(&more, "%s,%s", text, pattern) > 0, "there is memory");
    const bool is_set = ffitap__filter_set(more, &flaw);
    free(more);
    return is_set ? ffitap__filter_excludes(library, symbol) : otherwise;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct ffitap__filter_flaw flaw = {0};
    char *text = fuzz_take_line(&input);
    char *library = fuzz_take_line(&input);
    char *symbol = fuzz_take_line(&input);

    if (ffitap__filter_set(text, &flaw)) {
        const bool excludes = ffitap__filter_excludes(library, symbol);
        fuzz_expect(*text || !excludes, "no filter leaves nothing out");
        if (*text) {
            fuzz_expect(excludes_with(text, "!*", library, symbol, true), "!* leaves out all");
            fuzz_expect(!excludes_with(text, "*", library, symbol, false) || excludes,
                        "* leaves out nothing that was not left out before");
        }
    } else {
        expect_explained(text, &flaw);
        fuzz_expect(!ffitap__filter_excludes(library, symbol), "what is none leaves nothing out");
    }
    free(text);
    free(library);
    free(symbol);
    return 0;
}
