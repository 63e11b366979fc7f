#include <errno.h>
#include <string.h>

#include "core/prototype/names.h"
#include "types.h"

static struct ffitap_names *names;

static void create_names(void)
{
    cr_assert(eq(int, ffitap_names_create(&names, NULL), FFITAP_OK));
}

static void destroy_names(void)
{
    ffitap_names_destroy(names);
}

TestSuite(core_names, .init = create_names, .fini = destroy_names);

static const struct ffitap_type *find(const char *word)
{
    const struct ffitap__token token = ffitap__token_read(word);

    return ffitap__names_find(names, NULL, &token);
}

static const struct ffitap_type *find_tagged(const char *tag, const char *word)
{
    const struct ffitap__token tag_token = ffitap__token_read(tag);
    const struct ffitap__token token = ffitap__token_read(word);

    return ffitap__names_find(names, &tag_token, &token);
}

static enum ffitap_status add(const char *name, const struct ffitap_type *type)
{
    return ffitap_names_add(names, name, type, NULL);
}

Test(core_names, a_name_finds_its_type)
{
    cr_expect(eq(int, add("one", T(INT)), FFITAP_OK));
    cr_expect(eq(int, add("other", T(DOUBLE)), FFITAP_OK));
    cr_expect(eq(ptr, (void *)find("one"), T(INT)));
    cr_expect(eq(ptr, (void *)find("other"), T(DOUBLE)));
    cr_expect(eq(ptr, (void *)find("o"), NULL));
}

Test(core_names, tags_have_names_of_their_own)
{
    cr_expect(eq(int, add("struct point", T(INT)), FFITAP_OK));
    cr_expect(eq(int, add("union point", T(FLOAT)), FFITAP_OK));
    cr_expect(eq(int, add("point", T(DOUBLE)), FFITAP_OK));
    cr_expect(eq(ptr, (void *)find_tagged("struct", "point"), T(INT)));
    cr_expect(eq(ptr, (void *)find_tagged("union", "point"), T(FLOAT)));
    cr_expect(eq(ptr, (void *)find("point"), T(DOUBLE)));
}

Test(core_names, white_space_in_a_name_does_not_matter)
{
    cr_expect(eq(int, add(" struct \t point ", T(INT)), FFITAP_OK));
    cr_expect(eq(ptr, (void *)find_tagged("struct", "point"), T(INT)));
    cr_expect(eq(int, add("struct point", T(INT)), FFITAP_BAD_ARGUMENT));
}

Test(core_names, a_name_is_copied)
{
    char name[] = "before";

    cr_expect(eq(int, add(name, T(INT)), FFITAP_OK));
    memcpy(name, "change", sizeof(name));
    cr_expect(eq(ptr, (void *)find("before"), T(INT)));
}

Test(core_names, a_type_is_kept)
{
    struct ffitap_type *type = STRUCT({"a", T(INT64)});

    cr_expect(eq(int, add("kept", type), FFITAP_OK));
    ffitap_type_destroy(type);
    cr_expect(eq(sz, ffitap_type_get_size(find("kept")), 8));
}

Test(core_names, a_name_stands_for_one_type)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, add("one", T(INT)), FFITAP_OK));
    cr_expect(eq(int, ffitap_names_add(names, "one", T(INT), &error), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "'one' is named already"));
}

Test(core_names, words_of_c_are_refused)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_names_add(names, "while", T(INT), &error), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "'while' has a meaning of its own"));
    cr_expect(eq(int, add("unsigned", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("const", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("struct int", T(INT)), FFITAP_BAD_ARGUMENT));
}

Test(core_names, types_that_prototypes_know_are_refused)
{
    cr_expect(eq(int, add("size_t", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("PyObject", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("bool", T(INT)), FFITAP_BAD_ARGUMENT));
}

Test(core_names, a_tag_may_be_a_type_that_prototypes_know)
{
    cr_expect(eq(int, add("struct size_t", T(INT)), FFITAP_OK));
}

Test(core_names, what_is_no_name_is_refused)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_names_add(names, "", T(INT), &error), FFITAP_BAD_ARGUMENT));
    cr_expect(
        eq(str, error.text, "a type's name is a word, or \"struct\" or \"union\" and a word"));
    cr_expect(eq(int, add("struct", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("3d", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("two words", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("point *", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("enum color", T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("caf\303\251", T(INT)), FFITAP_BAD_ARGUMENT));
}

Test(core_names, null_is_refused)
{
    cr_expect(eq(int, add(NULL, T(INT)), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, add("one", NULL), FFITAP_BAD_ARGUMENT));
    ffitap_names_destroy(NULL);
}

Test(core_names, adding_keeps_errno)
{
    errno = 12;
    cr_expect(eq(int, add("one", T(INT)), FFITAP_OK));
    cr_expect(eq(int, errno, 12));
}
