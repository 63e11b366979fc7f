/*
 * The table of functions, looked at from the inside: its answers do not show what state it is in.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tap/known/function_table.c"

#define PLACE_COUNT 20000u

static struct ffitap__function places[PLACE_COUNT];

/* Functions one byte apart. */
static void add_places(uintptr_t base, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        places[i].address = base + i;
        cr_assert(ffitap__function_table_add(&places[i]));
    }
}

static bool is_any(const struct ffitap__function *function)
{
    return function;
}

static bool is_even(const struct ffitap__function *function)
{
    return (function - places) % 2 == 0;
}

static unsigned used_slots(void)
{
    unsigned used = 0;

    for (uint32_t slot = 0; slot < current->capacity; slot++)
        used += address_in(current, slot) != 0;
    return used;
}

static unsigned found_places(uintptr_t base)
{
    unsigned found = 0;

    for (unsigned i = 0; i < PLACE_COUNT; i++)
        found += ffitap__function_table_find(base + i) == &places[i];
    return found;
}

Test(tap_function_table, it_finds_nothing_before_there_is_something)
{
    cr_expect(eq(ptr, ffitap__function_table_find(1000), NULL));
    cr_expect(not(ffitap__function_table_remove(0, UINTPTR_MAX, is_any)));
}

Test(tap_function_table, it_grows_with_what_is_put_there)
{
    add_places(1000, 256);
    cr_expect(eq(uint, current->capacity, 512));
    add_places(5000, PLACE_COUNT);
    cr_expect(eq(uint, current->capacity, 65536));
    cr_expect(eq(uint, found_places(5000), PLACE_COUNT));
}

Test(tap_function_table, it_is_empty_again_when_everything_was_removed)
{
    add_places(1000, PLACE_COUNT);
    cr_expect(eq(uint, used_slots(), PLACE_COUNT));

    cr_expect(ffitap__function_table_remove(1000, 1000 + PLACE_COUNT, is_any));
    cr_expect(eq(uint, used_slots(), 0));
}

Test(tap_function_table, what_was_not_removed_is_still_found)
{
    add_places(1000, PLACE_COUNT);
    ffitap__function_table_remove(1000, 1000 + PLACE_COUNT / 2, is_any);

    cr_expect(eq(uint, found_places(1000), PLACE_COUNT / 2));
    cr_expect(lt(uint, used_slots(), PLACE_COUNT));
}

Test(tap_function_table, only_what_is_meant_is_removed)
{
    add_places(1000, PLACE_COUNT);
    cr_expect(ffitap__function_table_remove(1000, 1000 + PLACE_COUNT, is_even));
    cr_expect(eq(uint, found_places(1000), PLACE_COUNT / 2));
    cr_expect(not(ffitap__function_table_remove(1000, 1000 + PLACE_COUNT, is_even)));
}

Test(tap_function_table, it_does_not_grow_with_what_comes_and_goes)
{
    for (unsigned round = 0; round < 1000; round++) {
        add_places(1000 + round * 777, 200);
        ffitap__function_table_remove(1000 + round * 777, 1000 + round * 777 + 200, is_any);
    }
    cr_expect(eq(uint, current->capacity, FIRST_CAPACITY));
    cr_expect(eq(uint, used_slots(), 0));
}

Test(tap_function_table, a_run_across_the_tables_end_is_emptied_too)
{
    add_places(1000, 1);
    ffitap__function_table_remove(1000, 1001, is_any);
    atomic_store(&current->slots[current->capacity - 1].address, 1000);
    atomic_store(&current->slots[0].address, 1001);
    atomic_store(&current->slots[1].address, 1002);
    for (unsigned i = 0; i < 2; i++)
        atomic_store(&current->slots[i].function, &places[0]);
    atomic_store(&current->slots[current->capacity - 1].function, &places[0]);
    current->count = 3;

    ffitap__function_table_remove(1000, 1003, is_any);

    cr_expect(eq(uint, used_slots(), 0));
}
