#include "bench/counted.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/model/model.h"
#include "report/read/statistics.h"
#include "tap/statistics/file.h"

static uint64_t sum_calls(const struct ffitap__model *model, const char *symbol)
{
    uint64_t calls = 0;
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, model->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        const struct ffitap__report_function *function = row;
        if (strcmp(function->symbol, symbol) == 0)
            calls += function->native.count;
    }
    return calls;
}

/* The process has a file for each program that it ran in turn: a python3 may be a script that runs
 * another one. */
uint64_t ffitap_bench_count_calls(const char *folder, pid_t pid, const char *symbol)
{
    struct ffitap__model *model = ffitap__model_create("");
    const struct ffitap__report_sink sink = ffitap__model_sink(model);
    char *pattern = NULL;
    glob_t found = {0};

    if (asprintf(&pattern, "%s/%d.*" FFITAP__STATISTICS_SUFFIX, folder, (int)pid) >= 0 &&
        glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            ffitap__statistics_read(&sink, found.gl_pathv[i]);
    }
    ffitap__model_finish(model);
    const uint64_t calls = sum_calls(model, symbol);
    globfree(&found);
    free(pattern);
    ffitap__model_destroy(model);
    return calls;
}
