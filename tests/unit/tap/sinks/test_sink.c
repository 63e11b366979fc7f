/* Which sink is told what. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "lttng_double.h"
#include "tap/sinks/loss.h"
#include "tap/known/runtime.h"
#include "tap/sinks/sink.h"

static char told[64];

static void tell_first_runtime(const struct ffitap__runtime_event *event)
{
    strcat(told, event->name);
    strcat(told, " to first, ");
}

static void tell_second_runtime(const struct ffitap__runtime_event *event)
{
    strcat(told, event->name);
    strcat(told, " to second, ");
}

static void tell_second_lost(const struct ffitap__lost_event *event)
{
    cr_expect(eq(u64, event->count, 1));
    strcat(told, event->what == FFITAP__LOST_CALL ? "call lost to second, " : "something, ");
}

static const struct ffitap__sink first = {.runtime = tell_first_runtime};
static const struct ffitap__sink second = {.runtime = tell_second_runtime,
                                           .lost = tell_second_lost};

static void use_both(void)
{
    static const struct ffitap__sink *const both[] = {&first, &second, NULL};

    ffitap__sink_init(both);
}

TestSuite(tap_sink, .init = use_both);

Test(tap_sink, each_is_told_what_it_wants_in_the_order_of_the_table)
{
    ffitap__runtime_add("ctypes", "/lib/_ctypes.so", "", FFITAP__LOCK_NONE);
    ffitap__lose(FFITAP__LOST_CALL);
    cr_expect(eq(str, told, "ctypes to first, ctypes to second, call lost to second, "));
}

Test(tap_sink, who_has_counted_a_loss_is_not_told_of_it_again)
{
    ffitap__lose_beside(&second, FFITAP__LOST_CALL);
    cr_expect(eq(str, told, ""));
    ffitap__lose_beside(&first, FFITAP__LOST_CALL);
    cr_expect(eq(str, told, "call lost to second, "));
}

Test(tap_sink, lttng_is_told_of_all_that_is_no_single_call)
{
#define X(name, record) cr_expect(ne(ptr, (void *)ffitap__lttng_sink.name, NULL), #name);
    FFITAP__TOLD_EVENT_MAP(X)
#undef X
}
