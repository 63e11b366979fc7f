/* Which events there are to be recorded, and in which sets. */
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "recorder/lttng/events.h"
#include "tap/sinks/lttng.h"

/* How often the table has `name`. */
static int occurrences(const char *name)
{
    int count = 0;

    for (size_t i = 0; i < ffitap_event_count; i++)
        count += strcmp(ffitap_events[i].name, name) == 0;
    return count;
}

Test(events, it_knows_every_event_of_the_contract_once)
{
    size_t expected = 0;

#define X(name, record)                                                                            \
    cr_expect(eq(int, occurrences("ffitap:" #name), 1), #name);                                    \
    expected++;
    FFITAP__EVENT_MAP(X)
#undef X
    cr_expect(eq(sz, ffitap_event_count, expected));
}

Test(events, it_records_every_event_in_detail)
{
    for (size_t i = 0; i < ffitap_event_count; i++)
        cr_expect(ne(uint, ffitap_events[i].sets & FFITAP_EVENTS_DETAIL, 0), "%s",
                  ffitap_events[i].name);
}

Test(events, it_has_no_calls_channel_for_loads)
{
    cr_expect(not(ffitap_events_use(FFITAP_EVENTS_LOADS, FFITAP_CHANNEL_CALLS)));
    cr_expect(ffitap_events_use(FFITAP_EVENTS_LOADS, FFITAP_CHANNEL_DEFINITIONS));
    cr_expect(ffitap_events_use(FFITAP_EVENTS_CALLS, FFITAP_CHANNEL_CALLS));
}

Test(events, it_finds_sets_by_name_only)
{
    enum ffitap_event_set set;

    cr_assert(ffitap_events_find("detail", &set));
    cr_expect(eq(int, (int)set, FFITAP_EVENTS_DETAIL));
    cr_expect(not(ffitap_events_find("det", &set)));
    cr_expect(not(ffitap_events_find("", &set)));
}
