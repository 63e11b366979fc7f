/* The whole way from a recording's directory to a file, tried with the recordings of the golden
 * tests. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event_lines.h"
#include "report/base/exit_status.h"
#include "report/write/format.h"
#include "report/report.h"

static char directory[64], path[96];

static void create(void)
{
    strcpy(directory, "/tmp/ffitap-test-XXXXXX");
    cr_assert(mkdtemp(directory) != NULL);
}

static void destroy(void)
{
    unlink(path);
    cr_expect(eq(int, rmdir(directory), 0), "something else was left in the directory");
}

TestSuite(report, .init = create, .fini = destroy);

/* The exit status of reporting `recording` into the file `name`. */
static int report(const char *recording, const char *name,
                  const struct ffitap_report_format *format)
{
    const struct ffitap_report_options options = {recording, path, format};

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return ffitap_report_run(&options);
}

/* What the file holds; "" if there is none. */
static const char *contents(void)
{
    static char text[65536];
    FILE *stream = fopen(path, "r");
    const size_t size = stream ? fread(text, 1, sizeof(text) - 1, stream) : 0;

    text[size] = '\0';
    if (stream)
        fclose(stream);
    return text;
}

static void expect_beginning(const char *expected)
{
    const bool begins = g_str_has_prefix(contents(), expected);

    cr_expect(begins, "%.80s", contents());
}

Test(report, is_a_table_unless_something_asks_for_another_format)
{
    cr_assert(eq(int, report(GOLDEN "/story", "report", NULL), 0));
    expect_beginning("Command: python3 example.py\n");
}

Test(report, is_in_the_format_that_the_outputs_name_asks_for)
{
    cr_assert(eq(int, report(GOLDEN "/story", "report.json", NULL), 0));
    expect_beginning("{\n  \"schema\": \"ffitap-report/1\"");
}

Test(report, is_in_the_format_that_was_named_whatever_the_output_is_called)
{
    cr_assert(eq(int, report(GOLDEN "/story", "report.json", ffitap_report_format("table")), 0));
    expect_beginning("Command: python3 example.py\n");
    cr_assert(eq(int, report(GOLDEN "/story", "report.json", ffitap_report_format("json")), 0));
    expect_beginning("{\n");
}

Test(report, knows_no_other_formats)
{
    cr_expect(zero(ptr, (void *)ffitap_report_format("")));
    cr_expect(zero(ptr, (void *)ffitap_report_format("jso")));
}

static bool begin_lines(const struct ffitap__writing *to, struct ffitap__report_sink *sink)
{
    fprintf(to->stream, "of %s\n", to->recording->start);
    *sink = (struct ffitap__report_sink){&event_lines, to->stream};
    return true;
}

static bool end_lines(struct ffitap__report_sink *sink)
{
    fputs("end\n", sink->data);
    return true;
}

static bool fail_to_end(struct ffitap__report_sink *sink)
{
    (void)sink;
    errno = ENOSPC;
    return false;
}

static const struct ffitap_report_format lines = {
    .name = "lines", .begin = begin_lines, .end = end_lines};

Test(report, may_be_written_event_by_event)
{
    cr_assert(eq(int, report(GOLDEN "/story", "report", &lines), 0));
    expect_beginning("of 2024-05-06T07:08:09.000000000Z\n"
                     "11553: function 1 is cos\n"
                     "11553: function 2 is open\n"
                     "11553: function 3 is qsort\n"
                     "11553: function 1 took 250 ns\n");
    const bool ends = g_str_has_suffix(contents(), "11553: function 4 is \nend\n");

    cr_expect(ends);
}

Test(report, of_events_needs_a_trace)
{
    cr_expect(eq(int, report(GOLDEN "/statistics", "report", &lines), FFITAP_EXIT_FAILED));
    cr_expect(not(eq(int, access(path, F_OK), 0)));
}

Test(report, of_events_appears_whole_or_not_at_all)
{
    const struct ffitap_report_format failing = {
        .name = "failing", .begin = begin_lines, .end = fail_to_end};

    cr_expect(eq(int, report(GOLDEN "/story", "report", &failing), FFITAP_EXIT_FAILED));
    cr_expect(not(eq(int, access(path, F_OK), 0)));
}
