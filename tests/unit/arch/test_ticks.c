#include "arch/arch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <unistd.h>

Test(ticks, go_on_while_nothing_runs)
{
    const uint64_t before = ffitap__ticks_read();

    usleep(1000);
    cr_assert(gt(u64, ffitap__ticks_read(), before));
}

Test(ticks, do_not_go_back)
{
    uint64_t before = ffitap__ticks_read();

    for (int i = 0; i < 100000; i++) {
        const uint64_t now = ffitap__ticks_read();

        cr_assert(now >= before);
        before = now;
    }
}

Test(ticks, pages_are_no_larger_than_what_is_kept_for_them)
{
    cr_assert(le(long, sysconf(_SC_PAGESIZE), FFITAP__PAGE));
}
