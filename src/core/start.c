#include "core/start.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/interpreter.h"
#include "core/provider.h"
#include "tap/known/runtime.h"
#include "tap/known/scan.h"
#include "tap/layout.h"

uint16_t ffitap__core_runtime;

FFITAP__LAYOUT_STAMP static const uint64_t layout = FFITAP__LAYOUT;

static const _Atomic uint64_t nobody;
const _Atomic uint64_t *_Atomic ffitap__core_watch = &nobody;

/* A tap of another build is told nothing but that calls are not seen. */
static void find_tap(void)
{
    if (ffitap__layout_agrees())
        atomic_store_explicit(&ffitap__core_watch, &ffitap__watch.state, memory_order_release);
    else
        ffitap__layout_refuse();
}

static void add_runtime(void)
{
    ffitap__core_runtime =
        ffitap__runtime_add("ffitap", ffitap__object_path_at((const void *)add_runtime),
                            ffitap__interpreter_lock_name(), ffitap__interpreter_lock_kind());
}

/* While a thread is not attached, the state of the lock cannot be read. */
struct ffitap__core_way ffitap__core_look(const struct ffitap__free_threading *build, bool is_held)
{
    static _Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1];
    const enum ffitap__lock_state state =
        is_held ? ffitap__free_threading_state(build) : FFITAP__LOCK_IS_UNKNOWN;

    return (struct ffitap__core_way){
        .runtime = ffitap__runtime_in(by_state, ffitap__core_runtime, state),
        .has_lock = state == FFITAP__LOCK_IS_ON,
    };
}

void ffitap__core_announce(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (!ffitap__layout_agrees())
        return;
    pthread_once(&once, add_runtime);
    ffitap__runtime_set_lock(ffitap__core_runtime, ffitap__interpreter_lock_name(),
                             ffitap__interpreter_lock_kind());
}

void ffitap__core_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const int saved = errno;

    pthread_once(&once, find_tap);
    ffitap__provider_load();
    ffitap__interpreter_find();
    ffitap__core_announce();
    errno = saved;
}

void ffitap_interpreter_set(const struct ffitap_interpreter *interpreter)
{
    const int saved = errno;

    ffitap__interpreter_choose(interpreter);
    ffitap__core_announce();
    errno = saved;
}

void ffitap_interpreter_set_automatic(void)
{
    const int saved = errno;

    ffitap__interpreter_choose_automatically();
    ffitap__core_announce();
    errno = saved;
}
