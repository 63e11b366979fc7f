/* What a recording says about itself before anything is recorded. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "recorder/description.h"

Test(description, it_gives_each_recording_a_token_of_its_own)
{
    char first[FFITAP_TOKEN_SIZE], second[FFITAP_TOKEN_SIZE];

    cr_assert(ffitap_description_make_token(first));
    cr_assert(ffitap_description_make_token(second));
    cr_expect(eq(sz, strspn(first, "0123456789abcdef"), FFITAP_TOKEN_SIZE - 1));
    cr_expect(ne(str, first, second));
}

Test(description, it_has_the_command_as_valid_utf8)
{
    struct ffitap_recording recording = {0};

    cr_assert(ffitap_description_init(
        &recording, &(struct ffitap_description){
                        .token = "0123456789abcdef",
                        .command = (const char *[]){"python3", "caf\xe9.py", NULL},
                        .mode = "stat",
                        .events = "",
                    }));
    cr_assert(eq(sz, json_array_size(recording.command), 2));
    cr_expect(eq(str, (char *)json_string_value(json_array_get(recording.command, 1)),
                 "caf\xef\xbf\xbd.py"));
    ffitap_recording_fini(&recording);
}
