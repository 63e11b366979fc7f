/*
 * The layouts that the tap and the libraries that use it must have been compiled with alike. The
 * shim, the core and the provider read and write the tap's records themselves. A process may hold a
 * tap of another build than one of these: the program's own libffitap comes with a tap, and `ffitap
 * stat` brings another. So each compares the stamp that it was compiled with to the tap's, and
 * keeps away from a tap that has another one.
 */
#ifndef FFITAP_TAP_LAYOUT_H
#define FFITAP_TAP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ffitap/export.h>

#include "tap/calls/call.h"
#include "tap/calls/callback.h"
#include "tap/known/exec.h"
#include "tap/known/free_threading.h"
#include "tap/known/function.h"
#include "tap/known/library.h"
#include "tap/known/runtime.h"
#include "tap/known/scan.h"
#include "tap/sinks/loss.h"
#include "tap/statistics/statistics.h"

/*
 * Counts up with each change that the list below does not show: of a function that crosses, or of
 * what a member means.
 */
#ifndef FFITAP__LAYOUT_VERSION
#define FFITAP__LAYOUT_VERSION 1
#endif

/* MEMBER(struct, member): a member that is read or written outside of the tap. WHOLE(struct): a
 * structure that is made there, or given to a function. NUMBER(constant): compiled in there. */
#define FFITAP__LAYOUT_MAP(MEMBER, WHOLE, NUMBER)                                                  \
    NUMBER(FFITAP__LAYOUT_VERSION)                                                                 \
    NUMBER(FFITAP__FRAME_MAX)                                                                      \
    NUMBER(FFITAP__FRAME_FREE)                                                                     \
    NUMBER(FFITAP__FRAME_WAITS)                                                                    \
    NUMBER(FFITAP__FRAME_IN_MOMENTS)                                                               \
    NUMBER(FFITAP__THREAD_MEMOS)                                                                   \
    NUMBER(FFITAP__RECENT)                                                                         \
    NUMBER(FFITAP__STATISTICS_BUCKETS)                                                             \
    NUMBER(FFITAP__STATISTICS_IN_FLIGHT)                                                           \
    NUMBER(FFITAP__WATCH_EVENTS)                                                                   \
    NUMBER(FFITAP__WATCH_STATISTICS)                                                               \
    NUMBER(FFITAP__CALL_GIL_RELEASED)                                                              \
    NUMBER(FFITAP__CALL_GIL_HELD)                                                                  \
    NUMBER(FFITAP__CALL_ERRNO_SWAPPED)                                                             \
    NUMBER(FFITAP__CALL_UNFINISHED)                                                                \
    NUMBER(FFITAP__CALL_WAIT_UNKNOWN)                                                              \
    NUMBER(FFITAP__CLOCK_SHIFT)                                                                    \
    NUMBER(FFITAP__LOST_CALL)                                                                      \
    NUMBER(FFITAP__LOST_FUNCTION)                                                                  \
    NUMBER(FFITAP__LOST_OBJECT)                                                                    \
    NUMBER(FFITAP__LOST_RUNTIME)                                                                   \
    NUMBER(FFITAP__LOST_EVENT)                                                                     \
    NUMBER(FFITAP__NAMED_BY_LOOKUP)                                                                \
    NUMBER(FFITAP__NAMED_BY_EXPORT)                                                                \
    NUMBER(FFITAP__NAMED_BY_NOBODY)                                                                \
    NUMBER(FFITAP__OBJECT_AT_START_UP)                                                             \
    NUMBER(FFITAP__OBJECT_ASKED_FOR)                                                               \
    NUMBER(FFITAP__OBJECT_DEPENDENCY)                                                              \
    NUMBER(FFITAP__OBJECT_TRACER)                                                                  \
    NUMBER(FFITAP__SWAP_IN)                                                                        \
    NUMBER(FFITAP__SWAP_OUT)                                                                       \
    NUMBER(FFITAP__LOCK_UNTOLD)                                                                    \
    NUMBER(FFITAP__LOCK_NONE)                                                                      \
    NUMBER(FFITAP__LOCK_ALWAYS)                                                                    \
    NUMBER(FFITAP__LOCK_OPTIONAL)                                                                  \
    NUMBER(FFITAP__LOCK_ON)                                                                        \
    NUMBER(FFITAP__LOCK_OFF)                                                                       \
    NUMBER(FFITAP__LOCK_IS_UNKNOWN)                                                                \
    NUMBER(FFITAP__LOCK_IS_OFF)                                                                    \
    NUMBER(FFITAP__LOCK_IS_ON)                                                                     \
    NUMBER(FFITAP__STATISTICS_DONE)                                                                \
    NUMBER(FFITAP__STATISTICS_FAILED)                                                              \
    NUMBER(FFITAP__STATISTICS_KEPT_ALREADY)                                                        \
    NUMBER(FFITAP__STATISTICS_NOT_BEGUN)                                                           \
    NUMBER(FFITAP__STATISTICS_OF_PARENT)                                                           \
    NUMBER(FFITAP__STATISTICS_IN_HANDLER)                                                          \
    NUMBER(FFITAP__STATISTICS_VERSION)                                                             \
    WHOLE(ffitap__watch)                                                                           \
    MEMBER(ffitap__watch, state)                                                                   \
    WHOLE(ffitap__thread)                                                                          \
    MEMBER(ffitap__thread, counting)                                                               \
    MEMBER(ffitap__thread, depth)                                                                  \
    MEMBER(ffitap__thread, window)                                                                 \
    MEMBER(ffitap__thread, question)                                                               \
    MEMBER(ffitap__thread, planned)                                                                \
    MEMBER(ffitap__thread, next_call_id)                                                           \
    MEMBER(ffitap__thread, remembering)                                                            \
    MEMBER(ffitap__thread, memos)                                                                  \
    MEMBER(ffitap__thread, frames)                                                                 \
    MEMBER(ffitap__window, open)                                                                   \
    MEMBER(ffitap__window, runtime)                                                                \
    MEMBER(ffitap__window, had_lock)                                                               \
    MEMBER(ffitap__errno_question, stack)                                                          \
    MEMBER(ffitap__errno_question, value)                                                          \
    MEMBER(ffitap__planned, stack)                                                                 \
    MEMBER(ffitap__planned, function)                                                              \
    MEMBER(ffitap__thread_memo, cell)                                                              \
    MEMBER(ffitap__thread_memo, left_out)                                                          \
    WHOLE(ffitap__frame)                                                                           \
    MEMBER(ffitap__frame, stack)                                                                   \
    MEMBER(ffitap__frame, entered)                                                                 \
    MEMBER(ffitap__frame, left)                                                                    \
    MEMBER(ffitap__frame, in_callbacks)                                                            \
    MEMBER(ffitap__frame, callback_stack)                                                          \
    MEMBER(ffitap__frame, call_id)                                                                 \
    MEMBER(ffitap__frame, cell)                                                                    \
    MEMBER(ffitap__frame, callee)                                                                  \
    MEMBER(ffitap__frame, flags)                                                                   \
    MEMBER(ffitap__callee, function_id)                                                            \
    MEMBER(ffitap__callee, runtime_id)                                                             \
    MEMBER(ffitap__cell, shared)                                                                   \
    MEMBER(ffitap__cell, tally)                                                                    \
    MEMBER(ffitap__cell, callee)                                                                   \
    MEMBER(ffitap__cell, key)                                                                      \
    MEMBER(ffitap__cell, durations)                                                                \
    MEMBER(ffitap__cell, waits)                                                                    \
    MEMBER(ffitap__cell, windows)                                                                  \
    MEMBER(ffitap__tally, thread)                                                                  \
    MEMBER(ffitap__tally, file)                                                                    \
    MEMBER(ffitap__tally, rate)                                                                    \
    MEMBER(ffitap__statistics_thread, depth)                                                       \
    MEMBER(ffitap__statistics_thread, in_flight)                                                   \
    MEMBER(ffitap__statistics_thread, left_entered_ticks)                                          \
    MEMBER(ffitap__statistics_thread, left_ticks)                                                  \
    WHOLE(ffitap__statistics_in_flight)                                                            \
    MEMBER(ffitap__statistics_in_flight, entered_ticks)                                            \
    MEMBER(ffitap__statistics_in_flight, function_id)                                              \
    MEMBER(ffitap__statistics_in_flight, runtime_id)                                               \
    MEMBER(ffitap__statistics_cell, sequence)                                                      \
    MEMBER(ffitap__statistics_cell, count)                                                         \
    MEMBER(ffitap__statistics_cell, total_ns)                                                      \
    MEMBER(ffitap__statistics_cell, min_ns)                                                        \
    MEMBER(ffitap__statistics_cell, max_ns)                                                        \
    MEMBER(ffitap__statistics_cell, held_calls)                                                    \
    MEMBER(ffitap__statistics_windows, count)                                                      \
    MEMBER(ffitap__statistics_windows, released_ns)                                                \
    MEMBER(ffitap__statistics_windows, wait_total_ns)                                              \
    MEMBER(ffitap__statistics_windows, wait_max_ns)                                                \
    MEMBER(ffitap__statistics_windows, wait_min_ns)                                                \
    MEMBER(ffitap__statistics_buckets, first)                                                      \
    MEMBER(ffitap__statistics_buckets, counts)                                                     \
    WHOLE(ffitap__callback)                                                                        \
    WHOLE(ffitap__library_step)                                                                    \
    MEMBER(ffitap__library_step, ended)                                                            \
    WHOLE(ffitap__exec_note)                                                                       \
    WHOLE(ffitap__exec_program)                                                                    \
    MEMBER(ffitap__function, id)                                                                   \
    MEMBER(ffitap__function, is_excluded)                                                          \
    MEMBER(ffitap__free_threading, current_state)                                                  \
    MEMBER(ffitap__free_threading, interpreter_of_state)                                           \
    MEMBER(ffitap__free_threading, lock_of_interpreter)                                            \
    MEMBER(ffitap__free_threading, enabled_in_lock)                                                \
    MEMBER(ffitap__free_threading, is_known)                                                       \
    WHOLE(ffitap__elf)                                                                             \
    WHOLE(ffitap__object)                                                                          \
    MEMBER(ffitap__object, cause)                                                                  \
    MEMBER(ffitap__object, elf)                                                                    \
    MEMBER(ffitap__object, path)                                                                   \
    MEMBER(ffitap__object, soname)                                                                 \
    MEMBER(ffitap__object, mark)                                                                   \
    MEMBER(ffitap__object, notes)                                                                  \
    MEMBER(ffitap__object, room)

/* The place of each in the list. It is part of the stamp, so a list in another order has another
 * stamp. */
enum {
#define FFITAP__LAYOUT_AT_MEMBER(type, member) FFITAP__LAYOUT_AT_##type##_##member,
#define FFITAP__LAYOUT_AT_WHOLE(type)          FFITAP__LAYOUT_AT_##type,
#define FFITAP__LAYOUT_AT_NUMBER(constant)     FFITAP__LAYOUT_AT_NUMBER_##constant,
#define FFITAP__LAYOUT_AT_EVENT(name, record)  FFITAP__LAYOUT_AT_EVENT_##name,
    FFITAP__LAYOUT_MAP(FFITAP__LAYOUT_AT_MEMBER, FFITAP__LAYOUT_AT_WHOLE, FFITAP__LAYOUT_AT_NUMBER)
        FFITAP__EVENT_MAP(FFITAP__LAYOUT_AT_EVENT)
};

/* Constant expressions, so that each part has the stamp compiled in: the sum of what splitmix64
 * makes of each entry. */
#define FFITAP__LAYOUT_SPREAD(at, value)                                                           \
    ((uint64_t)(value) + ((uint64_t)(at) + 1) * 0x9E3779B97F4A7C15u)
#define FFITAP__LAYOUT_MIX(number) (((number) ^ (number) >> 30) * 0xBF58476D1CE4E5B9u)
#define FFITAP__LAYOUT_TERM(at, value)                                                             \
    FFITAP__LAYOUT_MIX(FFITAP__LAYOUT_MIX(FFITAP__LAYOUT_SPREAD(at, value)))
#define FFITAP__LAYOUT_OF_MEMBER(type, member)                                                     \
    +FFITAP__LAYOUT_TERM(FFITAP__LAYOUT_AT_##type##_##member,                                      \
                         offsetof(struct type, member) << 16 |                                     \
                             sizeof(((struct type *)NULL)->member))
#define FFITAP__LAYOUT_OF_WHOLE(type)                                                              \
    +FFITAP__LAYOUT_TERM(FFITAP__LAYOUT_AT_##type, sizeof(struct type))
#define FFITAP__LAYOUT_OF_NUMBER(constant)                                                         \
    +FFITAP__LAYOUT_TERM(FFITAP__LAYOUT_AT_NUMBER_##constant, constant)
#define FFITAP__LAYOUT_OF_EVENT(name, record)                                                      \
    +FFITAP__LAYOUT_TERM(FFITAP__LAYOUT_AT_EVENT_##name, sizeof(struct ffitap__##record))

#define FFITAP__LAYOUT                                                                             \
    (0 FFITAP__LAYOUT_MAP(FFITAP__LAYOUT_OF_MEMBER, FFITAP__LAYOUT_OF_WHOLE,                       \
                          FFITAP__LAYOUT_OF_NUMBER) FFITAP__EVENT_MAP(FFITAP__LAYOUT_OF_EVENT))

/* Each part has its stamp in this section, where `ffitap doctor` finds the stamp without loading
 * the part. */
#define FFITAP__LAYOUT_SECTION ".ffitap.layout"
#define FFITAP__LAYOUT_STAMP   __attribute__((section(FFITAP__LAYOUT_SECTION), used))

/* The tap's stamp. Weak, because a tap from before there were stamps has none. */
FFITAP__CROSSING extern const uint64_t ffitap__layout __attribute__((weak));

/* Whether code that was compiled with this header can use the tap of this process. Before it has
 * asked this, the code uses nothing of the tap. */
static inline bool ffitap__layout_agrees(void)
{
    return &ffitap__layout && ffitap__layout == FFITAP__LAYOUT;
}

/* Tells a tap of another build that calls are not seen. If the tap cannot be told, because it has
 * no such function, nobody is. */
static inline void ffitap__layout_refuse(void)
{
    void (*const lose)(enum ffitap__loss what) = ffitap__lose;

    if (lose)
        lose(FFITAP__LOST_RUNTIME);
}

#endif
