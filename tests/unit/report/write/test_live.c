#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/write/live.h"
#include "report/write/live_part.h"
#include "statistics_builder.h"

#define START_NS INT64_C(1714979289100000000) /* of the builder's process */

static union builder file;
static uint64_t cos_cell, read_cell;
static struct ffitap_live *live;
static struct ffitap_recording recording;
static char token[] = "ours", directory[64], path[96], folder[80];

/* Begins a process that has called nothing yet. */
static void begin_process(void)
{
    builder_begin(&file);
    builder_runtime(&file, 1, "ctypes");
    builder_function(&file, 1, "/lib/libm.so.6", "cos");
    builder_function(&file, 2, "/lib/libc.so.6", "read");
    const uint64_t thread = builder_thread(&file, 4711);
    cos_cell = builder_cell(&file, thread, 1, FFITAP__STATISTICS_CALLS);
    read_cell = builder_cell(&file, thread, 2, FFITAP__STATISTICS_CALLS);
}

static void create(void)
{
    strcpy(directory, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(folder, sizeof(folder), "%s/stat", directory);
    cr_assert(eq(int, mkdir(folder, 0777), 0));
    snprintf(path, sizeof(path), "%s/4711.0.stat", folder);
    recording = (struct ffitap_recording){.token = token};
    live = ffitap_live_create();
    begin_process();
}

static void destroy(void)
{
    ffitap_live_destroy(live);
    unlink(path);
    rmdir(folder);
    cr_expect(eq(int, rmdir(directory), 0), "something else was left in the directory");
}

TestSuite(live, .init = create, .fini = destroy);

/* A call of `duration_ns`, after which its caller waited. */
static void count(uint64_t cell, uint64_t duration_ns, uint64_t wait_ns)
{
    builder_count(&file, cell, duration_ns);
    builder_count_window(&file, cell, duration_ns + wait_ns, wait_ns);
}

static void read_again(void)
{
    const size_t size = builder_end(&file);
    const int at = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    cr_assert(eq(sz, (size_t)write(at, &file, size), size));
    close(at);
    ffitap_live_read(live, &(struct ffitap_live_source){
                               .recording = &recording,
                               .directory = directory,
                               .now_ns = START_NS + 2000000000,
                           });
}

static struct ffitap__amounts added_to(const char *symbol)
{
    GHashTableIter iterator;
    gpointer row;

    g_hash_table_iter_init(&iterator, ffitap__live_model(live)->tables.functions);
    while (g_hash_table_iter_next(&iterator, &row, NULL)) {
        if (strcmp(((const struct ffitap__report_function *)row)->symbol, symbol) == 0)
            return ffitap__live_added(live, row);
    }
    cr_fatal("no function %s", symbol);
}

/*
 * Writes one row of the table by `order`: that of the function `first`, and not that of `second`.
 */
static void expect_first(enum ffitap_live_order order, const char *first, const char *second)
{
    char text[4096] = "";
    FILE *stream = fmemopen(text, sizeof(text), "w");

    ffitap_live_write(
        stream, live,
        &(struct ffitap_live_options){.recording = &recording, .order = order, .row_limit = 1});
    fclose(stream);
    cr_expect(strstr(text, first) != NULL, "%s", text);
    cr_expect(strstr(text, second) == NULL, "%s", text);
}

Test(live, its_first_reading_adds_all_since_the_start)
{
    count(cos_cell, 50, 7);
    count(cos_cell, 50, 7);
    read_again();
    cr_expect(eq(u64, ffitap__live_elapsed_ns(live), 2000000000));
    cr_expect(eq(u64, added_to("cos").calls, 2));
    cr_expect(eq(u64, added_to("cos").cost_ns, 114));
    cr_expect(eq(u64, added_to("cos").wait_ns, 14));
}

Test(live, a_reading_adds_what_came_since_the_one_before)
{
    count(cos_cell, 50, 7);
    read_again();
    count(cos_cell, 20, 3);
    count(read_cell, 10, 0);
    read_again();
    cr_expect(eq(u64, added_to("cos").calls, 1));
    cr_expect(eq(u64, added_to("cos").cost_ns, 23));
    cr_expect(eq(u64, added_to("cos").wait_ns, 3));
    cr_expect(eq(u64, added_to("read").calls, 1));
    cr_expect(lt(u64, ffitap__live_elapsed_ns(live), 2000000000));
}

Test(live, figures_that_shrink_began_anew)
{
    count(cos_cell, 50, 7);
    count(cos_cell, 50, 7);
    read_again();
    begin_process();
    count(cos_cell, 20, 3);
    read_again();
    cr_expect(eq(u64, added_to("cos").calls, 1));
    cr_expect(eq(u64, added_to("cos").cost_ns, 23));
}

Test(live, what_was_read_stays_when_the_file_goes)
{
    count(cos_cell, 50, 7);
    read_again();
    unlink(path);
    ffitap_live_read(live, &(struct ffitap_live_source){
                               .recording = &recording,
                               .directory = directory,
                               .now_ns = START_NS + 3000000000,
                           });
    cr_assert(eq(u32, ffitap__live_model(live)->processes->len, 1));
    cr_expect(eq(u64, added_to("cos").calls, 0));
}

Test(live, a_file_stands_for_its_process)
{
    count(cos_cell, 50, 7);
    read_again();
    ffitap_live_read(live, &(struct ffitap_live_source){
                               .recording = &recording,
                               .file = path,
                               .now_ns = START_NS + 3000000000,
                           });
    cr_expect(eq(u64, added_to("cos").calls, 0));
    cr_expect(eq(i64, ffitap__live_model(live)->last_ns, START_NS + 3000000000));
}

Test(live, it_sorts_as_it_is_told)
{
    count(cos_cell, 50, 7);
    count(cos_cell, 50, 7);
    count(read_cell, 500, 6);
    read_again();
    expect_first(FFITAP_LIVE_BY_CALLS, "cos (", "read (");
    expect_first(FFITAP_LIVE_BY_TIME, "read (", "cos (");
    expect_first(FFITAP_LIVE_BY_WAIT, "cos (", "read (");
}
