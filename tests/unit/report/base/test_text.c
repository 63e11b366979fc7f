#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>

#include "report/base/text.h"

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

Test(text, in_json_is_valid_utf8_whatever_it_was)
{
    json_t *text = ffitap__text_json("a\xff"
                                     "b\xc3\xa9\xe2\x82");

    cr_assert(text != NULL);
    cr_expect(eq(str, (char *)json_string_value(text),
                 "a\xef\xbf\xbd"
                 "b\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"));
    json_decref(text);
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

Test(text, reads_the_times_that_it_writes)
{
    char time[FFITAP__TIME_SIZE];
    int64_t ns = 0;

    ffitap__text_time(time, 1714979289123456789);
    cr_assert(ffitap__text_read_time(&ns, time), "%s", time);
    cr_expect(eq(i64, ns, 1714979289123456789));
}

Test(text, reads_no_other_times)
{
    static const char *const others[] = {"",
                                         "2024-05-06",
                                         "2024-05-06T07:08:09Z",
                                         "2024-05-06T07:08:09.12345678Z",
                                         "2024-05-06T07:08:09.123456789",
                                         "2024-05-06T07:08:09.-12345678Z",
                                         "1924-05-06T07:08:09.123456789Z",
                                         "9999-05-06T07:08:09.123456789Z"};
    int64_t ns = 7;

    for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++)
        cr_expect(not(ffitap__text_read_time(&ns, others[i])), "%s", others[i]);
    cr_expect(eq(i64, ns, 7));
}
