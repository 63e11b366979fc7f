#include "tap/known/function.h"

#include <string.h>

#include "tap/base/fast.h"
#include "tap/base/filter.h"
#include "tap/base/lock.h"
#include "tap/base/memory.h"
#include "tap/base/watch.h"
#include "tap/known/function_table.h"
#include "tap/known/object.h"
#include "tap/sinks/loss.h"
#include "tap/sinks/sink.h"

#define BUCKET_COUNT 1024u

static struct ffitap__function *_Atomic functions[FFITAP__FUNCTION_MAX]; /* by id, less one */
static _Atomic uint32_t function_count;
static struct ffitap__function *buckets[BUCKET_COUNT]; /* by place, for libraries that come back */

static struct ffitap__function_event event_of(const struct ffitap__function *function)
{
    return (struct ffitap__function_event){
        .function_id = function->id,
        .address = function->address,
        .offset = function->offset,
        .library = function->library,
        .symbol = function->symbol,
        .naming = function->naming,
    };
}

static void report(const struct ffitap__function *function)
{
    const struct ffitap__function_event event = event_of(function);

    ffitap__tell_function(&event);
}

/* Asks the filter by the function's names. A function keeps its names when its library is unloaded
 * and comes back. */
static void ask_filter(struct ffitap__function *function)
{
    atomic_store_explicit(&function->is_excluded,
                          ffitap__filter_excludes(function->library, function->symbol),
                          memory_order_relaxed);
}

/* The same function of a library that was unloaded and is back, perhaps somewhere else. */
static struct ffitap__function *find_retired(const struct ffitap__function *wanted)
{
    for (struct ffitap__function *one = buckets[wanted->place % BUCKET_COUNT]; one;
         one = one->same_place)
        if (one->place == wanted->place && one->library == wanted->library &&
            one->symbol == wanted->symbol && ffitap__function_table_find(one->address) != one)
            return one;
    return NULL;
}

static struct ffitap__function *create(const struct ffitap__function *wanted)
{
    const uint32_t count = atomic_load_explicit(&function_count, memory_order_relaxed);

    if (count == FFITAP__FUNCTION_MAX)
        return NULL;
    struct ffitap__function *function = ffitap__memory_keep(sizeof(*function));
    if (!function)
        return NULL;
    *function = *wanted;
    function->id = count + 1;
    ask_filter(function);
    function->same_place = buckets[wanted->place % BUCKET_COUNT];
    buckets[wanted->place % BUCKET_COUNT] = function;
    atomic_store_explicit(&functions[count], function, memory_order_release);
    atomic_store_explicit(&function_count, count + 1, memory_order_release);
    return function;
}

static struct ffitap__function *learn(const struct ffitap__function *wanted)
{
    struct ffitap__function *function = find_retired(wanted);

    if (function)
        function->address = wanted->address;
    else
        function = create(wanted);
    if (!function || !ffitap__function_table_add(function)) {
        ffitap__lose(FFITAP__LOST_FUNCTION);
        return NULL;
    }
    report(function);
    return function;
}

/*
 * The object at `address`; NULL if there is none, or if it was unloaded without the tap being told.
 * Such an object must not be read: there may be nothing left of it, and what is called there now
 * may be code that was made at run time, for example.
 */
static const struct ffitap__object *object_of(uintptr_t address)
{
    const struct ffitap__object *object = ffitap__object_at((const void *)address);

    return object && ffitap__object_is_there(object) ? object : NULL;
}

static void name_by_export(struct ffitap__function *function, const struct ffitap__object *object)
{
    const ElfW(Sym) *symbol = ffitap__elf_symbol_at(&object->elf, function->address);

    if (!symbol)
        return;
    function->naming = FFITAP__NAMED_BY_EXPORT;
    function->symbol = ffitap__memory_intern(object->elf.strings + symbol->st_name);
    function->offset = function->address - object->elf.bias - symbol->st_value;
}

static bool some_lie_nowhere; /* outside of every object: closures, code made at run time */

static struct ffitap__function *identify(uintptr_t address, const char *symbol)
{
    if (!address)
        return NULL;

    const struct ffitap__object *object = object_of(address);
    struct ffitap__function wanted = {
        .address = address,
        .library = object ? object->path : "",
        .place = object ? address - object->elf.bias : address,
        .offset = object ? address - object->elf.bias : address,
        .symbol = ffitap__memory_intern(symbol),
        .naming = symbol ? FFITAP__NAMED_BY_LOOKUP : FFITAP__NAMED_BY_NOBODY,
    };

    some_lie_nowhere |= !object;
    if (!symbol && object)
        name_by_export(&wanted, object);
    return learn(&wanted);
}

/* A function that was called before anybody looked it up gets the better name now. */
static void rename_by_lookup(struct ffitap__function *function, const char *symbol)
{
    const struct ffitap__object *object = object_of(function->address);
    const bool was_excluded = ffitap__function_is_excluded(function);

    function->naming = FFITAP__NAMED_BY_LOOKUP;
    function->symbol = ffitap__memory_intern(symbol);
    function->offset = function->address - (object ? object->elf.bias : 0);
    ask_filter(function);
    if (ffitap__function_is_excluded(function) != was_excluded)
        ffitap__watch_renew();
    report(function);
}

const struct ffitap__function *ffitap__function_announce(const void *address, const char *symbol)
{
    if (!ffitap__lock())
        return NULL;
    struct ffitap__function *function = ffitap__function_table_find((uintptr_t)address);

    if (!function)
        function = identify((uintptr_t)address, symbol);
    else if (function->naming != FFITAP__NAMED_BY_LOOKUP)
        rename_by_lookup(function, symbol);
    ffitap__unlock();
    return function;
}

static const struct ffitap__function *discover(uintptr_t address)
{
    if (!ffitap__lock())
        return NULL;
    struct ffitap__function *function = ffitap__function_table_find(address);

    if (!function)
        function = identify(address, NULL);
    ffitap__unlock();
    return function;
}

const struct ffitap__function *ffitap__function_at(const void *address)
{
    const struct ffitap__function *function = ffitap__function_table_find((uintptr_t)address);

    return function ? function : discover((uintptr_t)address);
}

static bool is_any(const struct ffitap__function *function)
{
    (void)function;
    return true;
}

static bool lies_nowhere(const struct ffitap__function *function)
{
    return !*function->library;
}

void ffitap__function_retire(uintptr_t start, uintptr_t end)
{
    if (ffitap__function_table_remove(start, end, is_any))
        ffitap__watch_renew();
}

void ffitap__function_make_way(uintptr_t start, uintptr_t end)
{
    if (some_lie_nowhere && ffitap__function_table_remove(start, end, lies_nowhere))
        ffitap__watch_renew();
}

void ffitap__function_describe_all(void (*tell)(const struct ffitap__function_event *event))
{
    const uint32_t count = atomic_load_explicit(&function_count, memory_order_acquire);

    for (uint32_t i = 0; i < count; i++) {
        const struct ffitap__function_event event =
            event_of(atomic_load_explicit(&functions[i], memory_order_acquire));

        tell(&event);
    }
}
