/* Calls through interpreters that may do without their lock. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "model_fixture.h"

TestSuite(model_lock, .init = fixture_create, .fini = fixture_destroy);

/* Defines a runtime of a free-threaded interpreter for the calls that are made in one state of the
 * lock. */
static void define_lock_in(int32_t pid, uint16_t id, enum ffitap__lock_kind kind)
{
    const struct ffitap__at place = at(pid);

    ffitap__feed_runtime(&sink, &place,
                         &(struct ffitap__runtime_event){
                             .runtime_id = id, .name = "ctypes", .lock_kind = (uint8_t)kind});
}

static void define_lock(uint16_t id, enum ffitap__lock_kind kind)
{
    define_lock_in(10, id, kind);
}

static void call_through_in(int32_t pid, uint16_t id, uint16_t flags, uint64_t wait_ns)
{
    const struct ffitap__at place = at(pid);

    ffitap__feed_call(&sink, &place,
                      &(struct ffitap__call_event){.function_id = 1,
                                                   .runtime_id = id,
                                                   .native_ns = 1,
                                                   .gil_wait_ns = wait_ns,
                                                   .flags = flags});
}

static void call_through(uint16_t id, uint16_t flags, uint64_t wait_ns)
{
    call_through_in(10, id, flags, wait_ns);
}

Test(model_lock, tells_calls_without_a_lock_from_those_that_had_it)
{
    announce(10);
    define(10, 1, "cos");
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    define_lock(2, FFITAP__LOCK_OFF);
    define_lock(3, FFITAP__LOCK_ON);
    call_through(1, FFITAP__CALL_GIL_RELEASED, 1);
    call_through(1, 0, 0);
    call_through(2, FFITAP__CALL_GIL_RELEASED, 10);
    call_through(2, FFITAP__CALL_GIL_RELEASED | FFITAP__CALL_WAIT_UNKNOWN, 1000);
    call_through(2, 0, 0);
    call_through(3, FFITAP__CALL_GIL_RELEASED, 100);
    call_through(3, FFITAP__CALL_GIL_HELD, 0);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->native.count, 7));
    cr_expect(eq(u64, function->gil_windows, 4));
    cr_expect(eq(u64, function->unlocked_windows, 3));
    cr_expect(eq(u64, function->gil_wait.total, 111));
    cr_expect(eq(u64, function->unlocked_wait_ns, 11));
    cr_expect(eq(u64, function->gil_held_calls, 1));
    cr_expect(eq(u64, function->attached_calls, 1), "nobody knows whether the other was");
}

Test(model_lock, takes_a_lock_that_is_always_there_for_one)
{
    announce(10);
    define(10, 1, "cos");
    define_lock(1, FFITAP__LOCK_ALWAYS);
    call_through(1, FFITAP__CALL_GIL_RELEASED, 1);
    call_through(1, 0, 0);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->unlocked_windows, 0));
    cr_expect(eq(u64, function->attached_calls, 0));
}

Test(model_lock, takes_another_programs_lock_for_no_lock_of_its_parents)
{
    announce(10);
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    announce_as(11, 10, 950000000, "/bin/other-python", "ours");
    define(11, 1, "cos");
    define_lock_in(11, 1, FFITAP__LOCK_ALWAYS);
    call_through_in(11, 1, FFITAP__CALL_GIL_RELEASED, 1);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->gil_windows, 1));
    cr_expect(eq(u64, function->unlocked_windows, 0));
}

Test(model_lock, takes_a_forks_lock_for_its_parents_where_it_says_nothing_of_its_own)
{
    announce(10);
    define(10, 1, "cos");
    define_lock(1, FFITAP__LOCK_OPTIONAL);
    define_lock(3, FFITAP__LOCK_ON);
    announce_as(11, 10, 900000000, "/bin/python", "ours");
    define_lock_in(11, 2, FFITAP__LOCK_OFF);
    call_through_in(11, 1, FFITAP__CALL_GIL_RELEASED, 1);
    call_through_in(11, 2, FFITAP__CALL_GIL_RELEASED, 10);
    call_through_in(11, 2, 0, 0);
    call_through_in(11, 3, FFITAP__CALL_GIL_RELEASED, 100);
    ffitap__model_finish(model);

    const struct ffitap__report_function *function = only(model->tables.functions);
    cr_expect(eq(u64, function->unlocked_windows, 2));
    cr_expect(eq(u64, function->unlocked_wait_ns, 11));
    cr_expect(eq(u64, function->attached_calls, 1));
}
