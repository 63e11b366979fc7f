#include "bench/rows.h"

const char *const ffitap_bench_state_names[FFITAP_BENCH_STATES] = {
    [FFITAP_BENCH_UNTRACED] = "untraced", [FFITAP_BENCH_DORMANT] = "dormant",
    [FFITAP_BENCH_STAT] = "stat",         [FFITAP_BENCH_RECORD] = "record",
    [FFITAP_BENCH_DETAIL] = "detail",
};

bool ffitap_bench_is_recorded(enum ffitap_bench_state state)
{
    return state == FFITAP_BENCH_RECORD || state == FFITAP_BENCH_DETAIL;
}

const struct ffitap_bench_loop ffitap_bench_loops[] = {
    [FFITAP_BENCH_CLOCK] = {"clock", FFITAP_BENCH_C, false},
    [FFITAP_BENCH_EVENT] = {"event", FFITAP_BENCH_C, false},
    [FFITAP_BENCH_LIBFFI] = {"libffi", FFITAP_BENCH_C, true},
    [FFITAP_BENCH_CORE] = {"core", FFITAP_BENCH_C, true},
    [FFITAP_BENCH_CDLL] = {"CDLL", FFITAP_BENCH_PYTHON, true},
    [FFITAP_BENCH_PYDLL] = {"PyDLL", FFITAP_BENCH_PYTHON, true},
};

const struct ffitap_bench_row ffitap_bench_rows[FFITAP_BENCH_ROWS] = {
#define X(id, of, how, count, with)                                                                \
    [FFITAP_BENCH_ROW_##id] = {                                                                    \
        .loop = &ffitap_bench_loops[FFITAP_BENCH_##of],                                            \
        .state = FFITAP_BENCH_##how,                                                               \
        .threads = count,                                                                          \
        .against = FFITAP_BENCH_ROW_##with,                                                        \
    },
    FFITAP_BENCH_ROW_MAP(X)
#undef X
};

#define ROW(id) FFITAP_BENCH_ROW_##id

const struct ffitap_bench_goal ffitap_bench_goals[] = {
    {"dormant_added_ns", "dormant: added to a call of ffi_call, in ns", ROW(LIBFFI_DORMANT),
     ROW(LIBFFI), 1, ROW(NONE), 2, false},
    {"stat_libffi_per_two_clock_readings", "stat: added to ffi_call / two clock readings",
     ROW(LIBFFI_STAT), ROW(LIBFFI), 2, ROW(CLOCK), 1.3, false},
    {"stat_core_per_two_clock_readings", "stat: added to libffitap / two clock readings",
     ROW(CORE_STAT), ROW(CORE_DORMANT), 2, ROW(CLOCK), 1.3, false},
    {"stat_pydll_per_two_clock_readings", "stat: added to PyDLL / two clock readings",
     ROW(PYDLL_STAT), ROW(PYDLL), 2, ROW(CLOCK), 1.3, false},
    {"stat_cdll_per_three_clock_readings", "stat: added to CDLL / three clock readings",
     ROW(CDLL_STAT), ROW(CDLL), 3, ROW(CLOCK), 1.3, false},
    {"stat_cdll_per_untraced", "stat: CDLL's loop / the same untraced", ROW(CDLL_STAT), ROW(NONE),
     1, ROW(CDLL), 1.25, false},
    {"record_libffi_per_event", "record: added to ffi_call / one event", ROW(LIBFFI_RECORD),
     ROW(LIBFFI), 1, ROW(EVENT), 1.25, false},
    {"record_core_per_event", "record: added to libffitap / one event", ROW(CORE_RECORD),
     ROW(CORE_DORMANT), 1, ROW(EVENT), 1.25, false},
    {"record_cdll_per_event", "record: added to CDLL / one event", ROW(CDLL_RECORD), ROW(CDLL), 1,
     ROW(EVENT), 1.25, false},
    {"stat_libffi_two_threads", "stat: calls of two threads / of one, ffi_call", ROW(LIBFFI_STAT),
     ROW(NONE), 1, ROW(LIBFFI_STAT_TWO), 1.9, true},
    {"stat_core_two_threads", "stat: calls of two threads / of one, libffitap", ROW(CORE_STAT),
     ROW(NONE), 1, ROW(CORE_STAT_TWO), 1.9, true},
};

const size_t ffitap_bench_goal_count = sizeof ffitap_bench_goals / sizeof *ffitap_bench_goals;
