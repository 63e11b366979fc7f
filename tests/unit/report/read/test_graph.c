/* What babeltrace's graph hands out when it reads the traces of the golden tests. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "report/read/graph.h"

static gpointer paths[] = {GOLDEN "/story/trace", GOLDEN "/discarded/trace", GOLDEN "/nothing"};

static void count_event(void *data, const bt_message *message)
{
    *(unsigned *)data += bt_message_get_type(message) == BT_MESSAGE_TYPE_EVENT;
}

static char *run(const GPtrArray *traces, int64_t deadline_us, unsigned *events, bool *complete)
{
    *events = 0;
    return ffitap__graph_run_unordered(traces, deadline_us, count_event, events, complete);
}

Test(graph, without_an_order_hands_out_all_events_of_all_traces)
{
    const GPtrArray one = {.pdata = paths, .len = 1}, two = {.pdata = paths, .len = 2};
    unsigned events;
    bool complete;

    cr_assert(zero(ptr, run(&one, INT64_MAX, &events, &complete)));
    cr_expect(eq(uint, events, 134));
    cr_expect(complete);
    cr_assert(zero(ptr, run(&two, INT64_MAX, &events, &complete)));
    cr_expect(eq(uint, events, 134 + 153));
    cr_expect(complete);
}

Test(graph, without_an_order_ends_at_its_deadline)
{
    const GPtrArray one = {.pdata = paths, .len = 1};
    unsigned events;
    bool complete = true;

    cr_assert(zero(ptr, run(&one, g_get_monotonic_time(), &events, &complete)));
    cr_expect(lt(uint, events, 134));
    cr_expect(not(complete));
}

Test(graph, without_an_order_says_why_it_cannot_read)
{
    const GPtrArray nothing = {.pdata = paths + 2, .len = 1};
    unsigned events;
    bool complete = true;
    char *why = run(&nothing, INT64_MAX, &events, &complete);

    cr_expect(why != NULL);
    cr_expect(not(complete));
    g_free(why);
}
