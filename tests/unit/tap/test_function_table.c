/* The table of functions from the inside: what it looks like cannot be told from what it answers.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tap/function.c"

#define PLACE_COUNT 20000u

static const char places[PLACE_COUNT];

static void announce_places(void)
{
    for (unsigned i = 0; i < PLACE_COUNT; i++)
        ffitap__function_at(&places[i]);
}

static void retire_places(unsigned first, unsigned end)
{
    ffitap__lock();
    ffitap__function_retire((uintptr_t)&places[first], (uintptr_t)&places[end]);
    ffitap__unlock();
}

static unsigned used_slots(void)
{
    unsigned used = 0;

    for (unsigned i = 0; i < SLOT_COUNT; i++)
        used += address_in(i) != 0;
    return used;
}

Test(tap_function_table, it_is_empty_again_when_everything_was_retired)
{
    announce_places();
    cr_expect(eq(uint, used_slots(), PLACE_COUNT));

    retire_places(0, PLACE_COUNT);
    cr_expect(eq(uint, used_slots(), 0));
}

Test(tap_function_table, what_was_not_retired_is_still_found)
{
    unsigned found = 0;

    announce_places();
    retire_places(0, PLACE_COUNT / 2);
    for (unsigned i = 0; i < PLACE_COUNT; i++)
        found += find((uintptr_t)&places[i]) != NULL;

    cr_expect(eq(uint, found, PLACE_COUNT / 2));
    cr_expect(lt(uint, used_slots(), PLACE_COUNT));
}

Test(tap_function_table, a_run_across_the_tables_end_is_emptied_too)
{
    atomic_store(&slots[SLOT_COUNT - 1].address, 1000);
    atomic_store(&slots[0].address, 1001);
    atomic_store(&slots[1].address, 1002);

    ffitap__lock();
    ffitap__function_retire(1000, 1003);
    ffitap__unlock();

    cr_expect(eq(uint, used_slots(), 0));
}
