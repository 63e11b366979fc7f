/* Loads, the objects that they map, and lookups. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "model_fixture.h"

TestSuite(model_loads, .init = fixture_create, .fini = fixture_destroy);

Test(model_loads, aggregates_loads)
{
    announce(10);
    load(10, "libc.so.6", false, 1);
    load(10, "libc.so.6", false, 1);
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(eq(u64, row->count, 2));
    cr_expect(eq(u64, row->total_ns, 20));
    cr_expect(eq(u64, row->max_ns, 10));
    cr_expect(eq(u64, row->failed, 0));
    cr_expect(zero(ptr, (void *)row->error));
}

Test(model_loads, tells_the_main_program_from_an_empty_name)
{
    announce(10);
    load(10, "", true, 1);
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(zero(ptr, (void *)row->name));
}

Test(model_loads, keeps_the_text_of_a_failed_load)
{
    announce(10);
    load(10, "libno.so", false, 0);
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(eq(u64, row->failed, 1));
    cr_expect(eq(str, (char *)row->error, "it is not there"));
}

Test(model_loads, reports_a_load_that_never_ended)
{
    const struct ffitap__at place = at(10);

    announce(10);
    ffitap__feed_load_begin(
        &sink, &place,
        &(struct ffitap__load_event){.load_id = 1, .name = "libstuck.so", .caller = ""});
    ffitap__model_finish(model);

    const struct ffitap__load *row = only(model->tables.loads);
    cr_expect(eq(u64, row->unfinished, 1));
}

Test(model_loads, aggregates_objects_however_often_they_come_and_go)
{
    announce(10);
    for (int i = 0; i < 100; i++) {
        map(10, 0x1000, true);
        map(10, 0x1000, false);
    }
    map(10, 0x2000, true);
    map(10, 0x2000, true);
    ffitap__model_finish(model);

    const struct ffitap__report_object *object = only(model->tables.objects);
    cr_expect(eq(u64, object->base, 0x1000));
    cr_expect(eq(u64, object->mapped, 101), "a repeated definition maps nothing");
    cr_expect(eq(u64, object->unmapped, 100));
}

Test(model_loads, aggregates_lookups)
{
    const struct ffitap__at place = at(10);
    struct ffitap__lookup_event event = {
        .library = LIBC, .symbol = "cos", .function_id = 1, .duration_ns = 5, .error = ""};

    announce(10);
    ffitap__feed_lookup(&sink, &place, &event);
    event.cached = 1;
    ffitap__feed_lookup(&sink, &place, &event);
    event.function_id = 0;
    event.error = "gone";
    ffitap__feed_lookup(&sink, &place, &event);
    ffitap__model_finish(model);

    const struct ffitap__lookup *lookup = only(model->tables.lookups);
    cr_expect(eq(u64, lookup->count, 3));
    cr_expect(eq(u64, lookup->cached, 2));
    cr_expect(eq(u64, lookup->failed, 1));
    cr_expect(eq(u64, lookup->total_ns, 15));
    cr_expect(eq(str, (char *)lookup->error, "gone"));
}

static void look_up(const char *library, const char *symbol, bool is_there)
{
    const struct ffitap__at place = at(10);

    ffitap__feed_lookup(&sink, &place,
                        &(struct ffitap__lookup_event){.library = library,
                                                       .symbol = symbol,
                                                       .function_id = is_there,
                                                       .error = is_there ? "" : "gone"});
}

static const struct ffitap__lookup *find_lookup(const char *library, const char *symbol)
{
    return ffitap__tables_lookup(&model->tables, ffitap__strings_intern(model->strings, library),
                                 ffitap__strings_intern(model->strings, symbol));
}

Test(model_loads, expects_what_cpython_only_asks_a_module_for)
{
    announce(10);
    for (int i = 0; i < 2; i++) {
        look_up("/lib/one.so", "PyModExport_one", false);
        look_up("/lib/one.so", "PyInit_one", true);
    }
    look_up("/lib/one.so", "PyModExportU_one_gya", false);
    look_up("/lib/one.so", "PyInitU_one_gya", true);
    ffitap__model_finish(model);

    const struct ffitap__lookup *lookup = find_lookup("/lib/one.so", "PyModExport_one");
    cr_expect(eq(u64, lookup->failed, 2));
    cr_expect(eq(u64, lookup->expected, 2));
    cr_expect(eq(u64, ffitap__lookup_failures(lookup), 0));
    lookup = find_lookup("/lib/one.so", "PyModExportU_one_gya");
    cr_expect(eq(u64, lookup->expected, 1));
    cr_expect(eq(uint, g_hash_table_size(model->tables.lookups), 4));
}

Test(model_loads, expects_no_other_lookup_to_fail)
{
    announce(10);
    look_up("/lib/one.so", "PyModExport_one", false);
    look_up("/lib/two.so", "PyInit_one", true);
    look_up("/lib/two.so", "PyModExport_two", false);
    look_up("/lib/two.so", "PyInit_two", false);
    look_up("/lib/two.so", "PyModExport_three", false);
    look_up("/lib/two.so", "PyModExport_three", false);
    look_up("/lib/two.so", "PyInit_three", true);
    look_up("/lib/two.so", "NotPyModExport_one", false);
    ffitap__model_finish(model);

    cr_expect(eq(u64, find_lookup("/lib/one.so", "PyModExport_one")->expected, 0), "elsewhere");
    cr_expect(eq(u64, find_lookup("/lib/two.so", "PyModExport_two")->expected, 0), "nor this");
    cr_expect(eq(u64, find_lookup("/lib/two.so", "PyModExport_three")->expected, 1), "one of two");
    cr_expect(eq(u64, find_lookup("/lib/two.so", "NotPyModExport_one")->expected, 0),
              "no question");
}
