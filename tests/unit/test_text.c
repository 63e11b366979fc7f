#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "report/text.h"

static char *duration(uint64_t ns)
{
    static char text[FFITAP__DURATION_SIZE];

    ffitap__text_duration(text, ns);
    return text;
}

Test(text, has_durations_of_three_digits)
{
    cr_expect(eq(str, duration(0), "0 ns"));
    cr_expect(eq(str, duration(999), "999 ns"));
    cr_expect(eq(str, duration(1000), "1.00 us"));
    cr_expect(eq(str, duration(12345), "12.3 us"));
    cr_expect(eq(str, duration(999499), "999 us"));
    cr_expect(eq(str, duration(999500), "1.00 ms"));
    cr_expect(eq(str, duration(1234567890), "1.23 s"));
    cr_expect(eq(str, duration(99900000000), "99.9 s"));
    cr_expect(eq(str, duration(123000000000), "2m 03s"));
    cr_expect(eq(str, duration(18360000000000), "5h 06m"));
}

Test(text, has_times_as_iso_8601)
{
    char text[FFITAP__TIME_SIZE];

    ffitap__text_time(text, 1714979289000000042);
    cr_expect(eq(str, text, "2024-05-06T07:08:09.000000042Z"));
}

Test(text, for_a_terminal_has_no_control_characters)
{
    char *line = ffitap__text_line("a\x1b[31m\n\xff"
                                   "b");

    cr_expect(eq(str, line,
                 "a?[31m?\xef\xbf\xbd"
                 "b"));
    free(line);
}

Test(text, for_json_replaces_what_is_no_utf8)
{
    json_t *string = ffitap__text_json_sized("a\0b\xff\xc3\xa9", 6);

    cr_expect(eq(str, (char *)json_string_value(string),
                 "a\xef\xbf\xbd"
                 "b\xef\xbf\xbd\xc3\xa9"));
    json_decref(string);
}
