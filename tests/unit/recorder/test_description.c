/* What a recording says about itself before anything is recorded. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "ffitap/description.h"

Test(description, it_makes_any_argument_valid_utf8)
{
    json_t *text = ffitap_description_text("a\xff"
                                           "b\xc3\xa9\xe2\x82");

    cr_assert(text != NULL);
    cr_expect(eq(str, (char *)json_string_value(text),
                 "a\xef\xbf\xbd"
                 "b\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"));
    json_decref(text);
}
