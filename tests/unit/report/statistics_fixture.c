#include "statistics_fixture.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/read/statistics.h"
#include "report/model/unseen.h"

union builder file;
struct ffitap__model *model;
struct ffitap__report_sink sink;
char directory[64], path[96];

void fixture_create(void)
{
    strcpy(directory, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof(path), "%s/4711.0.stat", directory);
    model = ffitap__model_create("ours");
    sink = ffitap__model_sink(model);
}

void fixture_destroy(void)
{
    ffitap__model_destroy(model);
    unlink(path);
    cr_expect(eq(int, rmdir(directory), 0), "something else was left in the directory");
}

void write_bytes(const char *where, const void *bytes, size_t size)
{
    const int at = open(where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    cr_assert(at >= 0);
    cr_assert(eq(sz, (size_t)write(at, bytes, size), size));
    close(at);
}

void read_cut(size_t size)
{
    write_bytes(path, &file, size);
    ffitap__statistics_read(&sink, path);
    ffitap__model_finish(model);
    ffitap__unseen_settle(model);
}

const void *find(GHashTable *table, const char *name, unsigned identity)
{
    GHashTableIter iterator;
    gpointer row;
    const void *found = NULL;

    g_hash_table_iter_init(&iterator, table);
    while (!found && g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__lookup *any = row;
        if (any->identity[identity] && strcmp(any->identity[identity], name) == 0)
            found = row;
    }
    cr_assert(found != NULL, "no row of %s", name);
    return found;
}

const struct ffitap__report_function *function(const char *symbol)
{
    return find(model->tables.functions, symbol, 1);
}

const char *damage(void)
{
    return model->damaged->len ? g_ptr_array_index(model->damaged, 0) : "";
}

/* Fails for figures that no process can have, whatever its file says. */
static void expect_possible(const struct ffitap__histogram *histogram, const char *what)
{
    struct ffitap__bucket bucket;
    unsigned cursor = 0;
    uint64_t sum = 0;

    while (ffitap__histogram_next(histogram, &cursor, &bucket))
        sum += bucket.count;
    cr_assert(eq(u64, histogram->count, sum), "%s", what);
    cr_assert(histogram->min <= histogram->max, "%s", what);
    if (histogram->count && histogram->count < 1000 && histogram->max < UINT64_MAX / 1000) {
        cr_assert(histogram->count * histogram->min <= histogram->total, "%s", what);
        cr_assert(histogram->total <= histogram->count * histogram->max, "%s", what);
    }
}

void expect_all_possible(const char *what)
{
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, model->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__report_function *any = row;
        expect_possible(&any->native, what);
        expect_possible(&any->gil_wait, what);
        cr_assert(any->gil_windows + any->gil_held_calls <= any->native.count, "%s", what);
        cr_assert(any->errno_swaps <= any->native.count, "%s", what);
    }
}
