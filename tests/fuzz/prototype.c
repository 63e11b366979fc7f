/* Prototypes. The input is read as a prototype, and also taken as a name for a type. */
#include <ffitap/prototype.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static struct ffitap_names *make_names(void)
{
    const struct ffitap_type *number = ffitap_type_borrow(FFITAP_TYPE_INT);
    struct ffitap_names *names = NULL;

    fuzz_expect(ffitap_names_create(&names, NULL) == FFITAP_OK &&
                    ffitap_names_add(names, "point_t", number, NULL) == FFITAP_OK &&
                    ffitap_names_add(names, "struct point", number, NULL) == FFITAP_OK,
                "a name can be given");
    return names;
}

static void expect_read(const struct ffitap_prototype *prototype)
{
    const char *name = ffitap_prototype_borrow_name(prototype);
    const size_t count = ffitap_prototype_get_count(prototype);
    const struct ffitap_type *const *arguments = ffitap_prototype_borrow_arguments(prototype);

    fuzz_expect(!name || *name, "a name is not empty");
    fuzz_expect(ffitap_prototype_borrow_result(prototype) != NULL, "there is a result");
    for (size_t i = 0; i < count; i++)
        fuzz_expect(ffitap_type_get_size(arguments[i]) > 0, "an argument has a size");
    fuzz_expect(!ffitap_prototype_is_variadic(prototype) || ffitap_prototype_is_complete(prototype),
                "only a complete list ends with ...");
}

static void expect_explained(const char *text, const struct ffitap_error *error)
{
    fuzz_expect(error->status == FFITAP_BAD_TYPE, "it is the text that is wrong");
    fuzz_expect(error->position >= 1 && error->position <= strlen(text) + 1, "at a place in it");
    fuzz_expect(strncmp(error->text, "character ", 10) == 0, "which the explanation says");
}

static void read_prototype(const char *text, const struct ffitap_names *names)
{
    struct ffitap_prototype *prototype = NULL;
    struct ffitap_error error = {0};

    if (ffitap_prototype_create(text, names, &prototype, &error) == FFITAP_OK)
        expect_read(prototype);
    else
        expect_explained(text, &error);
    ffitap_prototype_destroy(prototype);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct ffitap_names *names = make_names();
    char *text = fuzz_take_text(&input);

    read_prototype(text, NULL);
    read_prototype(text, names);
    if (ffitap_names_add(names, text, ffitap_type_borrow(FFITAP_TYPE_DOUBLE), NULL) == FFITAP_OK)
        read_prototype(text, names);
    free(text);
    ffitap_names_destroy(names);
    return 0;
}
