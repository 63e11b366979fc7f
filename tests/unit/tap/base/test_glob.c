#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tap/base/glob.h"

Test(tap_glob, it_matches_the_whole_text)
{
    cr_expect(ffitap__glob_matches("abs", "abs"));
    cr_expect(not(ffitap__glob_matches("abs", "labs")));
    cr_expect(not(ffitap__glob_matches("abs", "absolute")));
    cr_expect(not(ffitap__glob_matches("abs", "")));
    cr_expect(ffitap__glob_matches("", ""));
}

Test(tap_glob, a_star_is_any_text_and_a_question_mark_one_byte)
{
    cr_expect(ffitap__glob_matches("sqlite3_*", "sqlite3_step"));
    cr_expect(ffitap__glob_matches("*", ""));
    cr_expect(ffitap__glob_matches("*a*a*", "banana"));
    cr_expect(ffitap__glob_matches("/usr/*.so", "/usr/lib/x86/a.so"), "of slashes, too");
    cr_expect(ffitap__glob_matches("l?bs", "labs"));
    cr_expect(not(ffitap__glob_matches("?", "")));
}

Test(tap_glob, brackets_hold_bytes_ranges_and_classes)
{
    cr_expect(ffitap__glob_matches("[al]bs[0-9]", "lbs7"));
    cr_expect(not(ffitap__glob_matches("[!a]bs", "abs")));
    cr_expect(not(ffitap__glob_matches("[^a]bs", "abs")));
    cr_expect(ffitap__glob_matches("[]-]x", "]x"));
    cr_expect(ffitap__glob_matches("_Z[[:digit:][:upper:]]*", "_ZN3foo"));
    cr_expect(not(ffitap__glob_matches("[[:alpha:]]", "\xe4")), "whatever the locale");
}

Test(tap_glob, a_backslash_lets_what_follows_stand_for_itself)
{
    cr_expect(ffitap__glob_matches("\\*\\?\\[", "*?["));
    cr_expect(not(ffitap__glob_matches("\\*", "x")));
    cr_expect(ffitap__glob_matches("[\\]]", "]"));
}

Test(tap_glob, what_is_none_is_explained)
{
    static const struct {
        const char *glob;
        const char *flaw;
    } flawed[] = {
        {"[", "a [ without its ]"},
        {"x[]", "a [ without its ]"},
        {"[a-", "a [ without its ]"},
        {"[a\\", "a [ without its ]"},
        {"[[:alpha:]", "a [ without its ]"},
        {"x\\", "nothing behind the \\"},
        {"[[:alfa:]]", "no such class of characters"},
        {"[[:alpha", "no such class of characters"},
        {"[[=a=]]", "[. and [= are not supported"},
        {"[+-[:upper:]]", "a range ends with a class of characters"},
        {"[+-[.a.]]", "a range ends with a class of characters"},
    };

    for (size_t i = 0; i < sizeof(flawed) / sizeof(flawed[0]); i++)
        cr_expect(eq(str, (char *)ffitap__glob_flaw(flawed[i].glob), (char *)flawed[i].flaw), "%s",
                  flawed[i].glob);
    cr_expect(eq(ptr, (void *)ffitap__glob_flaw("a]b*?[!]x:-][[:punct:]\\]]\\["), NULL));
    cr_expect(eq(ptr, (void *)ffitap__glob_flaw("[+-[]"), NULL));
}

/* A text of at most `most` of the bytes in `alphabet`. */
static void make_text(char *text, unsigned most, const char *alphabet)
{
    const unsigned length = (unsigned)random() % (most + 1);

    for (unsigned i = 0; i < length; i++)
        text[i] = alphabet[(unsigned)random() % strlen(alphabet)];
    text[length] = '\0';
}

/* The test runs in the C locale. */
Test(tap_glob, it_says_what_fnmatch_says)
{
    char glob[12], text[8];
    unsigned matched = 0, told = 0;

    srandom(1);
    while (told < 200000) {
        make_text(glob, 11, "ab-*?[]!^\\");
        make_text(text, 7, "ab-]\\");
        if (ffitap__glob_flaw(glob))
            continue;
        const bool does_match = fnmatch(glob, text, 0) == 0;
        cr_assert(eq(int, ffitap__glob_matches(glob, text), does_match), "'%s' and '%s'", glob,
                  text);
        matched += does_match;
        told++;
    }
    cr_expect(gt(uint, matched, 5000), "%u", matched);
}

Test(tap_glob, many_stars_take_no_time, .timeout = 100)
{
    char text[4001];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    cr_expect(not(ffitap__glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text)));
}
