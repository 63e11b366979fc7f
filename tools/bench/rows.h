/* What the bench measures, one row each, and what the rows are to show. */
#ifndef FFITAP_TOOLS_BENCH_ROWS_H
#define FFITAP_TOOLS_BENCH_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* The program that makes the calls. */
enum ffitap_bench_program {
    FFITAP_BENCH_C,      /* calls.c */
    FFITAP_BENCH_PYTHON, /* calls.py */
};
#define FFITAP_BENCH_PROGRAMS 2

/* What ffitap does to that program. */
enum ffitap_bench_state {
    FFITAP_BENCH_UNTRACED,
    FFITAP_BENCH_DORMANT, /* the shim is there, and nobody listens */
    FFITAP_BENCH_STAT,    /* as under ffitap stat */
    FFITAP_BENCH_RECORD,  /* as under ffitap record */
    FFITAP_BENCH_DETAIL,  /* as under ffitap record --events=detail */
};
#define FFITAP_BENCH_STATES 5

/* The names of the states in the JSON. */
extern const char *const ffitap_bench_state_names[FFITAP_BENCH_STATES];

/* Whether LTTng records a program in this state. */
bool ffitap_bench_is_recorded(enum ffitap_bench_state state);

/* What is done again and again. */
struct ffitap_bench_loop {
    const char *name; /* what the program calls it, and the JSON */
    enum ffitap_bench_program program;
    bool makes_calls; /* that are counted */
};

enum ffitap_bench_loop_id {
    FFITAP_BENCH_CLOCK,
    FFITAP_BENCH_EVENT,
    FFITAP_BENCH_LIBFFI,
    FFITAP_BENCH_CORE,
    FFITAP_BENCH_CDLL,
    FFITAP_BENCH_PYDLL,
};

extern const struct ffitap_bench_loop ffitap_bench_loops[];

/* Id, loop, state, threads, and the row that it is compared with. */
#define FFITAP_BENCH_ROW_MAP(X)                                                                    \
    X(CLOCK, CLOCK, UNTRACED, 1, NONE)                                                             \
    X(EVENT, EVENT, RECORD, 1, NONE)                                                               \
    X(LIBFFI, LIBFFI, UNTRACED, 1, NONE)                                                           \
    X(LIBFFI_DORMANT, LIBFFI, DORMANT, 1, LIBFFI)                                                  \
    X(LIBFFI_STAT, LIBFFI, STAT, 1, LIBFFI)                                                        \
    X(LIBFFI_RECORD, LIBFFI, RECORD, 1, LIBFFI)                                                    \
    X(LIBFFI_DETAIL, LIBFFI, DETAIL, 1, LIBFFI)                                                    \
    X(CORE_DORMANT, CORE, DORMANT, 1, LIBFFI)                                                      \
    X(CORE_STAT, CORE, STAT, 1, CORE_DORMANT)                                                      \
    X(CORE_RECORD, CORE, RECORD, 1, CORE_DORMANT)                                                  \
    X(CORE_DETAIL, CORE, DETAIL, 1, CORE_DORMANT)                                                  \
    X(CDLL, CDLL, UNTRACED, 1, NONE)                                                               \
    X(CDLL_DORMANT, CDLL, DORMANT, 1, CDLL)                                                        \
    X(CDLL_STAT, CDLL, STAT, 1, CDLL)                                                              \
    X(CDLL_RECORD, CDLL, RECORD, 1, CDLL)                                                          \
    X(CDLL_DETAIL, CDLL, DETAIL, 1, CDLL)                                                          \
    X(PYDLL, PYDLL, UNTRACED, 1, NONE)                                                             \
    X(PYDLL_DORMANT, PYDLL, DORMANT, 1, PYDLL)                                                     \
    X(PYDLL_STAT, PYDLL, STAT, 1, PYDLL)                                                           \
    X(PYDLL_RECORD, PYDLL, RECORD, 1, PYDLL)                                                       \
    X(PYDLL_DETAIL, PYDLL, DETAIL, 1, PYDLL)                                                       \
    X(LIBFFI_TWO, LIBFFI, UNTRACED, 2, LIBFFI)                                                     \
    X(LIBFFI_STAT_TWO, LIBFFI, STAT, 2, LIBFFI_STAT)                                               \
    X(LIBFFI_RECORD_TWO, LIBFFI, RECORD, 2, LIBFFI_RECORD)                                         \
    X(CORE_STAT_TWO, CORE, STAT, 2, CORE_STAT)

enum ffitap_bench_row_id {
#define X(id, loop, state, threads, against) FFITAP_BENCH_ROW_##id,
    FFITAP_BENCH_ROW_MAP(X)
#undef X
        FFITAP_BENCH_ROWS,
    FFITAP_BENCH_ROW_NONE = FFITAP_BENCH_ROWS
};

struct ffitap_bench_row {
    const struct ffitap_bench_loop *loop;
    enum ffitap_bench_state state;
    unsigned threads;                 /* 1 or 2, at once */
    enum ffitap_bench_row_id against; /* FFITAP_BENCH_ROW_NONE: nothing */
};

extern const struct ffitap_bench_row ffitap_bench_rows[FFITAP_BENCH_ROWS];

/* A goal by which ffitap measures itself: (row - less) / (times * unit), of the figures of one
 * round. */
struct ffitap_bench_goal {
    const char *name; /* as the JSON has it */
    const char *title;
    enum ffitap_bench_row_id row;
    enum ffitap_bench_row_id less; /* FFITAP_BENCH_ROW_NONE: nothing is subtracted */
    double times;
    enum ffitap_bench_row_id unit; /* FFITAP_BENCH_ROW_NONE: one nanosecond */
    double limit;
    bool is_least; /* `limit` is the least that is wanted, not the most */
};

extern const struct ffitap_bench_goal ffitap_bench_goals[];
extern const size_t ffitap_bench_goal_count;

#endif
