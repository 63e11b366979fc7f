#include "tap/sinks/lttng.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tap/base/environment.h"
#include "tap/sinks/loss.h"

/*
 * LTTng's header brings constructors, which load a library of LTTng's and register our tracepoints
 * with it. Where LTTng is not wanted, this function keeps that library out of the process, and the
 * constructors do nothing.
 */
static void *open_if_wanted(const char *name, int mode)
{
    const char *choice = getenv(FFITAP__ENV_LTTNG);

    return choice && strcmp(choice, "0") == 0 ? NULL : dlopen(name, mode);
}

#define LTTNG_UST_TRACEPOINT_DEFINE
#define LTTNG_UST_TRACEPOINT_PROBE_DYNAMIC_LINKAGE
#define dlopen open_if_wanted
#include "tracepoints/provider.h"
#undef dlopen

static _Atomic(ffitap__lttng_question *) is_known_to_lttng;
static FFITAP__THREAD_LOCAL bool was_known;

static void join(void)
{
    if (LTTNG_UST_TP_RCU_LINK_TEST()) {
        lttng_ust_tp_rcu_read_lock();
        lttng_ust_tp_rcu_read_unlock();
    }
}

/*
 * LTTng forgets a thread that ends, and holds a lock of its own while it does, with signals on. If
 * a signal handler emitted an event then, LTTng would get to know the thread again and wait for
 * that lock for ever, and so would every thread that starts or ends later. So a thread that LTTng
 * has forgotten emits nothing more, and its events are counted as lost.
 */
static bool is_welcome(void)
{
    ffitap__lttng_question *is_known =
        atomic_load_explicit(&is_known_to_lttng, memory_order_relaxed);

    if (!is_known)
        return true;
    if (is_known()) {
        was_known = true; /* perhaps by a tracepoint of the program's own */
        return true;
    }
    if (was_known)
        return false;
    join();
    was_known = is_known();
    return true;
}

static bool is_taken(void)
{
    const bool taken = is_welcome();

    if (!taken)
        ffitap__lose_beside(&ffitap__lttng_sink, FFITAP__LOST_EVENT);
    return taken;
}

/* A probe may write to a full pipe to wake LTTng's consumer, hence the saved errno. */
#define X(name, record)                                                                            \
    void ffitap__lttng_##name(const struct ffitap__##record *event)                                \
    {                                                                                              \
        if (lttng_ust_tracepoint_enabled(ffitap, name) && is_taken()) {                            \
            const int saved = errno;                                                               \
            lttng_ust_do_tracepoint(ffitap, name, event);                                          \
            errno = saved;                                                                         \
        }                                                                                          \
    }
FFITAP__EVENT_MAP(X)
#undef X

const struct ffitap__sink ffitap__lttng_sink = {
#define X(name, record) .name = ffitap__lttng_##name,
    FFITAP__TOLD_EVENT_MAP(X)
#undef X
};

void ffitap__lttng_ask(ffitap__lttng_question *is_known)
{
    atomic_store_explicit(&is_known_to_lttng, is_known, memory_order_relaxed);
}

void ffitap__lttng_join(void)
{
    if (is_welcome())
        join();
}

void ffitap__lttng_join_again(void)
{
    join();
}

/* Bitwise: one load each and a single branch at the caller, which sits on every call's path. */
#define STATE(name) CMM_LOAD_SHARED(lttng_ust_tracepoint_ffitap___##name.state)
#define MOMENTS                                                                                    \
    (STATE(call_entry) | STATE(call_exit) | STATE(gil_release) | STATE(gil_acquire) |              \
     STATE(errno_swap) | STATE(last_error_swap))
#define CALLBACKS (STATE(callback_entry) | STATE(callback_exit))

bool ffitap__lttng_wants_moments(void)
{
    return MOMENTS != 0;
}

bool ffitap__lttng_wants_callbacks(void)
{
    return CALLBACKS != 0;
}

bool ffitap__lttng_wants_complete_calls(void)
{
    return STATE(call) != 0;
}

bool ffitap__lttng_asks_for_calls(void)
{
    return (STATE(call) | MOMENTS | CALLBACKS) != 0;
}
