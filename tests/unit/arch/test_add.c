#include "arch/arch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

Test(add, sums_64_bits)
{
    uint64_t sum = UINT32_MAX;

    ffitap__add(&sum, 1);
    cr_assert(eq(u64, sum, UINT64_C(0x100000000)));
    ffitap__add(&sum, UINT64_C(0x8000000000));
    cr_assert(eq(u64, sum, UINT64_C(0x8100000000)));
}

Test(add, increments_nothing_beside_the_count)
{
    uint32_t counts[] = {UINT32_MAX, 5};

    ffitap__increment(&counts[0]);
    cr_assert(eq(u32, counts[0], 0));
    cr_assert(eq(u32, counts[1], 5));
}

Test(add, takes_the_number_that_the_count_had)
{
    uint32_t count = 7;

    cr_assert(eq(u32, ffitap__take_next(&count), 7));
    cr_assert(eq(u32, ffitap__take_next(&count), 8));
    cr_assert(eq(u32, count, 9));
}

Test(add, takes_a_flag_once)
{
    uint32_t flag = 1;

    cr_assert(eq(int, ffitap__take(&flag), true));
    cr_assert(eq(u32, flag, 0));
    cr_assert(eq(int, ffitap__take(&flag), false));
}

Test(add, replaces_only_what_it_expects)
{
    uintptr_t place = 1;

    cr_assert(eq(int, ffitap__replace(&place, 2, 3), false));
    cr_assert(eq(sz, place, 1));
    cr_assert(eq(int, ffitap__replace(&place, 1, 3), true));
    cr_assert(eq(sz, place, 3));
}
