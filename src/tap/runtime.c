#include "tap/runtime.h"

#include <string.h>

#include "tap/emit.h"
#include "tap/lock.h"
#include "tap/memory.h"
#include "tap/statistics.h"
#include "tap/tap.h"

static struct ffitap__runtime_event runtimes[FFITAP__RUNTIME_MAX];
static uint16_t runtime_count;

static void report(const struct ffitap__runtime_event *runtime)
{
    ffitap__emit_runtime(runtime);
    ffitap__statistics_runtime(runtime);
}

uint16_t ffitap__runtime_add(const char *name, const char *object, const char *lock,
                             enum ffitap__lock_kind kind)
{
    uint16_t id = 0;

    if (!ffitap__lock())
        return 0;
    if (runtime_count < FFITAP__RUNTIME_MAX) {
        struct ffitap__runtime_event *runtime = &runtimes[runtime_count++];

        id = runtime_count;
        *runtime = (struct ffitap__runtime_event){
            .runtime_id = id,
            .name = ffitap__memory_intern(name),
            .object = ffitap__memory_intern(object),
            .lock = ffitap__memory_intern(lock),
            .lock_kind = (uint8_t)kind,
        };
        report(runtime);
    }
    ffitap__unlock();
    if (!id)
        ffitap__tap_lose(FFITAP__LOST_RUNTIME);
    return id;
}

void ffitap__runtime_set_lock(uint16_t id, const char *lock, enum ffitap__lock_kind kind)
{
    if (!id || !ffitap__lock())
        return;

    struct ffitap__runtime_event *runtime = &runtimes[id - 1];
    if (strcmp(runtime->lock, lock) != 0 || runtime->lock_kind != kind) {
        runtime->lock = ffitap__memory_intern(lock);
        runtime->lock_kind = (uint8_t)kind;
        report(runtime);
    }
    ffitap__unlock();
}

void ffitap__runtime_describe_all(void (*tell)(const struct ffitap__runtime_event *event))
{
    for (uint16_t i = 0; i < runtime_count; i++)
        tell(&runtimes[i]);
}
