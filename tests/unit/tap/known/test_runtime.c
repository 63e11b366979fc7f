/* The ids of runtimes: as many as there are different ones, and no more than there is room for. */
#include <errno.h>
#include <stdio.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "lttng_double.h"
#include "tap/base/lock.h"
#include "tap/known/runtime.h"

static uint16_t add(enum ffitap__lock_kind kind)
{
    return ffitap__runtime_add("made-up", "/lib/made-up.so", "release", kind);
}

static void fill(void)
{
    for (unsigned i = 0; i < FFITAP__RUNTIME_MAX; i++) {
        char name[16];

        snprintf(name, sizeof(name), "filling %u", i);
        ffitap__runtime_add(name, "", "", FFITAP__LOCK_NONE);
    }
}

Test(tap_runtime, is_known_again)
{
    const uint16_t id = add(FFITAP__LOCK_ALWAYS);

    cr_expect(ne(uint, id, 0));
    cr_expect(eq(uint, add(FFITAP__LOCK_ALWAYS), id));
    cr_expect(ne(uint, add(FFITAP__LOCK_OPTIONAL), id));
    cr_expect(
        ne(uint, ffitap__runtime_add("made-up", "/lib/made-up.so", "", FFITAP__LOCK_ALWAYS), id));
    cr_expect(ne(
        uint, ffitap__runtime_add("made-up", "/lib/other.so", "release", FFITAP__LOCK_ALWAYS), id));
}

Test(tap_runtime, is_known_by_what_was_said_of_its_lock_last)
{
    const uint16_t id = add(FFITAP__LOCK_ALWAYS);

    ffitap__runtime_set_lock(id, "release", FFITAP__LOCK_OPTIONAL);
    cr_expect(eq(uint, add(FFITAP__LOCK_OPTIONAL), id));
    cr_expect(ne(uint, add(FFITAP__LOCK_ALWAYS), id));
}

Test(tap_runtime, has_an_id_for_each_state_of_its_lock)
{
    _Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1] = {0};
    const uint16_t id = add(FFITAP__LOCK_OPTIONAL);
    const uint16_t off = ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_OFF);
    const uint16_t on = ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_ON);

    cr_expect(eq(uint, ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_UNKNOWN), id));
    cr_expect(eq(uint, ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_ON), on));
    cr_expect(eq(uint, add(FFITAP__LOCK_OFF), off));
    cr_expect(eq(uint, add(FFITAP__LOCK_ON), on));
    cr_expect(ne(uint, off, on));
    cr_expect(ne(uint, off, id));
}

Test(tap_runtime, is_not_asked_for_again_when_there_is_no_room)
{
    _Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1] = {0};
    const uint16_t id = add(FFITAP__LOCK_OPTIONAL);

    fill();
    const unsigned lost = lttng_double_lost_count();
    for (int i = 0; i < 3; i++)
        cr_expect(eq(uint, ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_OFF), id));
    cr_expect(eq(uint, lttng_double_lost_count(), lost + 1));
    cr_expect(eq(uint, add(FFITAP__LOCK_OPTIONAL), id));
    cr_expect(eq(uint, add(FFITAP__LOCK_ALWAYS), 0));
}

Test(tap_runtime, is_asked_for_again_where_the_lock_was_held)
{
    _Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1] = {0};
    const uint16_t id = add(FFITAP__LOCK_OPTIONAL);

    ffitap__lock();
    cr_expect(eq(uint, ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_OFF), id));
    ffitap__unlock();
    cr_expect(ne(uint, ffitap__runtime_in(by_state, id, FFITAP__LOCK_IS_OFF), id));
}

Test(tap_runtime, leaves_errno_alone)
{
    const uint16_t id = add(FFITAP__LOCK_OPTIONAL);

    errno = 77;
    ffitap__runtime_with(id, FFITAP__LOCK_IS_OFF);
    cr_expect(eq(int, errno, 77));
}
