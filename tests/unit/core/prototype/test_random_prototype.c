/* Random texts. Whatever a text is, it must be read, or there must be an explanation why not. */
#include <stdlib.h>
#include <string.h>

#include "open.h"

#define ROUNDS 20000

static const char *const originals[] = {
    "double pow(double x, double y);",
    "int printf(const char *format, ...)",
    "void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))",
    "void (*signal(int number, void (*handler)(int)))(int)",
    "extern unsigned long long int f(struct point p, union u *, enum e, char *argv[], int m[3][4])",
    "char *(f(int /* a comment */ x, FILE *)) // the end",
    "int f()",
};

static const char *const pieces[] = {
    "int",    "long ", "unsigned ", "char", "*",  "(",  ")",   "[",    "]",       ",",
    "...",    ";",     "/*",        "*/",   "//", "\n", " ",   "void", "struct ", "x",
    "const ", "3",     "\001",      "\377", "&",  ".",  "(*)", "",
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Replaces up to three bytes of `text` by a piece. */
static void mutate(char *text)
{
    const size_t length = strlen(text);
    const size_t place = (size_t)rand() % (length + 1);
    size_t end = place + (size_t)rand() % 4;
    char rest[1024];

    if (end > length)
        end = length;
    strcpy(rest, text + end);
    stpcpy(stpcpy(text + place, pieces[(size_t)rand() % COUNT(pieces)]), rest);
}

/* Returns whether `text` is no prototype. */
static bool expect_explained(const char *text)
{
    struct ffitap_prototype *prototype = NULL;
    struct ffitap_error error = {0};

    if (ffitap_prototype_create(text, NULL, &prototype, &error) == FFITAP_OK) {
        cr_assert(ne(ptr, (void *)ffitap_prototype_borrow_result(prototype), NULL), "%s", text);
        ffitap_prototype_destroy(prototype);
        return false;
    }
    cr_assert(eq(int, error.status, FFITAP_BAD_TYPE), "%s", text);
    cr_assert(ge(sz, error.position, 1), "%s", text);
    cr_assert(le(sz, error.position, strlen(text) + 1), "%s", text);
    cr_assert(eq(int, strncmp(error.text, "character ", 10), 0), "%s", text);
    return true;
}

Test(core_random_prototype, each_is_read_or_explained)
{
    size_t explained = 0;

    srand(7);
    for (int i = 0; i < ROUNDS; i++) {
        char text[1024];

        strcpy(text, originals[(size_t)rand() % COUNT(originals)]);
        for (int mutations = rand() % 5; mutations > 0; mutations--)
            mutate(text);
        explained += expect_explained(text);
    }
    cr_expect(ge(sz, explained, ROUNDS / 4));
    cr_expect(lt(sz, explained, ROUNDS));
}
