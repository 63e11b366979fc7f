#include "tap/known/runtime.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "tap/base/lock.h"
#include "tap/base/memory.h"
#include "tap/sinks/loss.h"
#include "tap/sinks/sink.h"

static struct ffitap__runtime_event runtimes[FFITAP__RUNTIME_MAX];
static uint16_t runtime_count;

/* All strings are interned. */
static bool are_equal(const struct ffitap__runtime_event *one,
                      const struct ffitap__runtime_event *other)
{
    return one->name == other->name && one->object == other->object && one->lock == other->lock &&
           one->lock_kind == other->lock_kind;
}

/* Gives the runtime an id, the one that it has if it is known; 0 if there is no room. */
static uint16_t keep(struct ffitap__runtime_event runtime)
{
    for (uint16_t i = 0; i < runtime_count; i++)
        if (are_equal(&runtimes[i], &runtime))
            return runtimes[i].runtime_id;
    if (runtime_count == FFITAP__RUNTIME_MAX)
        return 0;
    runtime.runtime_id = ++runtime_count;
    runtimes[runtime.runtime_id - 1] = runtime;
    ffitap__tell_runtime(&runtimes[runtime.runtime_id - 1]);
    return runtime.runtime_id;
}

uint16_t ffitap__runtime_add(const char *name, const char *object, const char *lock,
                             enum ffitap__lock_kind kind)
{
    if (!ffitap__lock())
        return 0;
    const uint16_t id = keep((struct ffitap__runtime_event){
        .name = ffitap__memory_intern(name),
        .object = ffitap__memory_intern(object),
        .lock = ffitap__memory_intern(lock),
        .lock_kind = (uint8_t)kind,
    });
    ffitap__unlock();
    if (!id)
        ffitap__lose(FFITAP__LOST_RUNTIME);
    return id;
}

static uint16_t keep_with(uint16_t id, enum ffitap__lock_kind kind)
{
    struct ffitap__runtime_event runtime = runtimes[id - 1];

    runtime.lock_kind = (uint8_t)kind;
    return keep(runtime);
}

uint16_t ffitap__runtime_with(uint16_t id, enum ffitap__lock_state state)
{
    static const enum ffitap__lock_kind kinds[] = {
        [FFITAP__LOCK_IS_OFF] = FFITAP__LOCK_OFF,
        [FFITAP__LOCK_IS_ON] = FFITAP__LOCK_ON,
    };
    const int saved = errno;

    if (!ffitap__lock())
        return 0;
    uint16_t found = keep_with(id, kinds[state]);
    ffitap__unlock();
    if (!found) {
        ffitap__lose(FFITAP__LOST_RUNTIME);
        found = id;
    }
    errno = saved;
    return found;
}

void ffitap__runtime_set_lock(uint16_t id, const char *lock, enum ffitap__lock_kind kind)
{
    if (!id || !ffitap__lock())
        return;

    struct ffitap__runtime_event *runtime = &runtimes[id - 1];
    if (strcmp(runtime->lock, lock) != 0 || runtime->lock_kind != kind) {
        runtime->lock = ffitap__memory_intern(lock);
        runtime->lock_kind = (uint8_t)kind;
        ffitap__tell_runtime(runtime);
    }
    ffitap__unlock();
}

void ffitap__runtime_describe_all(void (*tell)(const struct ffitap__runtime_event *event))
{
    for (uint16_t i = 0; i < runtime_count; i++)
        tell(&runtimes[i]);
}
