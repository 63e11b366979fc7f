#include "report/model/module_entry.h"

#include <string.h>

#include "report/model/tables.h"

/* In prefixes with a U the name that follows is in punycode. */
static const struct {
    const char *asked;
    const char *then;
} prefixes[] = {
    {"PyModExport_", "PyInit_"},
    {"PyModExportU_", "PyInitU_"},
};

/* The symbol that CPython looks up next if it does not find `symbol`; NULL if `symbol` is none of
 * those that it asks for first. */
static char *next_of(const char *symbol)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(symbol, prefixes[i].asked))
            return g_strconcat(prefixes[i].then, symbol + strlen(prefixes[i].asked), NULL);
    return NULL;
}

/* How often a symbol was found in the library. Adds no row if it was not looked up there. */
static uint64_t count_found(GHashTable *lookups, const char *library, const char *symbol)
{
    const struct ffitap__lookup wanted = {.library = library, .symbol = symbol};
    const struct ffitap__lookup *found = g_hash_table_lookup(lookups, &wanted);

    return found ? found->count - found->failed : 0;
}

void ffitap__module_entry_settle(GHashTable *lookups, struct ffitap__strings *strings)
{
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, lookups);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        struct ffitap__lookup *lookup = row;
        char *next = lookup->failed ? next_of(lookup->symbol) : NULL;
        if (next)
            lookup->expected =
                MIN(lookup->failed,
                    count_found(lookups, lookup->library, ffitap__strings_intern(strings, next)));
        g_free(next);
    }
}
