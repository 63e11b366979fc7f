#include "core/start.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/interpreter.h"
#include "core/provider.h"
#include "tap/object.h"
#include "tap/runtime.h"

static uint16_t runtime;

static void add_runtime(void)
{
    runtime = ffitap__runtime_add("ffitap", ffitap__object_path_at((const void *)add_runtime),
                                  ffitap__interpreter_lock_name(), ffitap__interpreter_lock_kind());
}

uint16_t ffitap__core_runtime(void)
{
    return runtime;
}

uint16_t ffitap__core_runtime_in(enum ffitap__lock_state state)
{
    static _Atomic uint16_t by_state[FFITAP__LOCK_IS_ON + 1];

    return ffitap__runtime_in(by_state, runtime, state);
}

void ffitap__core_announce(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, add_runtime);
    ffitap__runtime_set_lock(runtime, ffitap__interpreter_lock_name(),
                             ffitap__interpreter_lock_kind());
}

void ffitap__core_start(void)
{
    const int saved = errno;

    ffitap__provider_load();
    ffitap__interpreter_find();
    ffitap__core_announce();
    errno = saved;
}
