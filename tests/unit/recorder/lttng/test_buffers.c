/* How large the buffers are: as the user wishes, and as the memory allows. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "recorder/lttng/buffers.h"

#define MIB (UINT64_C(1) << 20)

static uint64_t parsed(const char *text)
{
    uint64_t bytes = 0;

    return ffitap_buffers_parse(text, &bytes) ? bytes : 0;
}

Test(buffers, it_parses_sizes_with_and_without_suffix)
{
    cr_expect(eq(u64, parsed("4096"), 4096));
    cr_expect(eq(u64, parsed("64K"), 65536));
    cr_expect(eq(u64, parsed("64k"), 65536));
    cr_expect(eq(u64, parsed("3M"), 3 * MIB));
    cr_expect(eq(u64, parsed("2G"), 2048 * MIB));
}

Test(buffers, it_refuses_what_is_no_size)
{
    static const char *const nonsense[] = {"",
                                           "0",
                                           "-1",
                                           "+1",
                                           "M",
                                           "1MB",
                                           "1 M",
                                           "1T",
                                           "1x",
                                           " 1",
                                           "1.5M",
                                           "0x10",
                                           "65G",
                                           "99999999999999999999",
                                           "18446744073709551615G"};

    for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
        cr_expect(eq(u64, parsed(nonsense[i]), 0), "%s", nonsense[i]);
}

Test(buffers, it_rounds_up_to_eight_parts_of_a_power_of_two)
{
    const struct ffitap_buffer buffer = ffitap_buffers_for_calls(9 * MIB);

    cr_expect(eq(u64, buffer.part_count, 8));
    cr_expect(eq(u64, buffer.part_size, 2 * MIB));
}

Test(buffers, it_makes_small_wishes_big_enough_for_lttng)
{
    const struct ffitap_buffer buffer = ffitap_buffers_for_calls(1);

    cr_expect(ge(u64, buffer.part_size, 4096));
}

Test(buffers, it_leaves_most_of_a_containers_shared_memory_alone)
{
    const struct ffitap_memory memory = {.cpus = 64, .available = 64 * MIB};
    const struct ffitap_buffer calls = ffitap_buffers_default_for_calls(&memory);
    const struct ffitap_buffer definitions = ffitap_buffers_for_definitions(&memory);

    cr_expect(le(u64, ffitap_buffers_total(&calls, 64) + ffitap_buffers_total(&definitions, 64),
                 32 * MIB));
    cr_expect(ge(u64, calls.part_size, 4096));
    cr_expect(ge(u64, definitions.part_size, 32768));
}

Test(buffers, it_takes_16_mib_per_cpu_where_there_is_plenty)
{
    const struct ffitap_memory memory = {.cpus = 4, .available = UINT64_MAX};
    const struct ffitap_buffer calls = ffitap_buffers_default_for_calls(&memory);

    cr_expect(eq(u64, ffitap_buffers_total(&calls, 1), 16 * MIB));
}

Test(buffers, it_counts_at_least_one_cpu)
{
    cr_expect(ge(uint, ffitap_memory_get().cpus, 1));
}
