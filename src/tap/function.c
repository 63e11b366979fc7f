#include "tap/function.h"

#include <string.h>

#include "tap/emit.h"
#include "tap/fast.h"
#include "tap/filter.h"
#include "tap/lock.h"
#include "tap/memory.h"
#include "tap/object.h"
#include "tap/statistics.h"
#include "tap/tap.h"
#include "tap/watch.h"

#define SLOT_COUNT   32768u /* a power of two */
#define BUCKET_COUNT 1024u

/* An address that no function has: the slot can be used again but does not end a search. */
#define RETIRED 1u

struct slot {
    _Atomic uintptr_t address; /* 0: never used */
    struct ffitap__function *_Atomic function;
};

_Static_assert(FFITAP__FUNCTION_MAX <= SLOT_COUNT / 4 * 3, "the table stays sparse");

static struct slot slots[SLOT_COUNT];
static struct ffitap__function *_Atomic functions[FFITAP__FUNCTION_MAX]; /* by id, less one */
static _Atomic uint32_t function_count;
static struct ffitap__function *buckets[BUCKET_COUNT]; /* by offset: what a reload finds again */

static uint32_t slot_of(uintptr_t address)
{
    return (uint32_t)(((uint64_t)address * 0x9E3779B97F4A7C15u) >> 40) & (SLOT_COUNT - 1);
}

static struct ffitap__function *find(uintptr_t address)
{
    if (FFITAP__UNLIKELY(address <= RETIRED))
        return NULL;
    for (uint32_t i = slot_of(address), probes = 0; probes < SLOT_COUNT;
         probes++, i = (i + 1) & (SLOT_COUNT - 1)) {
        const uintptr_t there = atomic_load_explicit(&slots[i].address, memory_order_acquire);

        if (there == address)
            return atomic_load_explicit(&slots[i].function, memory_order_relaxed);
        if (!there)
            return NULL;
    }
    return NULL;
}

static bool place(struct ffitap__function *function)
{
    for (uint32_t i = slot_of(function->address), probes = 0; probes < SLOT_COUNT;
         probes++, i = (i + 1) & (SLOT_COUNT - 1)) {
        if (atomic_load_explicit(&slots[i].address, memory_order_relaxed) > RETIRED)
            continue;
        atomic_store_explicit(&slots[i].function, function, memory_order_relaxed);
        atomic_store_explicit(&slots[i].address, function->address, memory_order_release);
        return true;
    }
    return false;
}

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

    ffitap__emit_function(&event);
    ffitap__statistics_function(&event);
}

/* By its names, which stay with it when its library is unloaded and comes back. */
static void ask_filter(struct ffitap__function *function)
{
    atomic_store_explicit(&function->is_excluded,
                          ffitap__filter_excludes(function->library, function->symbol),
                          memory_order_relaxed);
}

/* The same function of a library that was unloaded and is back, perhaps somewhere else. */
static struct ffitap__function *find_retired(const struct ffitap__function *wanted)
{
    for (struct ffitap__function *one = buckets[wanted->offset % BUCKET_COUNT]; one;
         one = one->same_offset)
        if (one->offset == wanted->offset && one->library == wanted->library &&
            one->symbol == wanted->symbol && find(one->address) != one)
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
    function->same_offset = buckets[wanted->offset % BUCKET_COUNT];
    buckets[wanted->offset % BUCKET_COUNT] = function;
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
    if (!function || !place(function)) {
        ffitap__tap_lose(FFITAP__LOST_FUNCTION);
        return NULL;
    }
    report(function);
    return function;
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

static struct ffitap__function *identify(uintptr_t address, const char *symbol)
{
    if (address <= RETIRED)
        return NULL;

    const struct ffitap__object *object = ffitap__object_at((const void *)address);
    struct ffitap__function wanted = {
        .address = address,
        .library = object ? object->path : "",
        .offset = object ? address - object->elf.bias : address,
        .symbol = ffitap__memory_intern(symbol),
        .naming = symbol ? FFITAP__NAMED_BY_LOOKUP : FFITAP__NAMED_BY_NOBODY,
    };

    if (!symbol && object)
        name_by_export(&wanted, object);
    return learn(&wanted);
}

/* A function that was called before anybody looked it up gets the better name now. */
static void rename_by_lookup(struct ffitap__function *function, const char *symbol)
{
    const struct ffitap__object *object = ffitap__object_at((const void *)function->address);
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
    struct ffitap__function *function = find((uintptr_t)address);

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
    struct ffitap__function *function = find(address);

    if (!function)
        function = identify(address, NULL);
    ffitap__unlock();
    return function;
}

const struct ffitap__function *ffitap__function_at(const void *address)
{
    const struct ffitap__function *function = find((uintptr_t)address);

    return function ? function : discover((uintptr_t)address);
}

static uintptr_t address_in(uint32_t slot)
{
    return atomic_load_explicit(&slots[slot & (SLOT_COUNT - 1)].address, memory_order_relaxed);
}

/*
 * A retired slot before a never-used one need not lead any search on. Without this a table that
 * libraries come to and go from has no end of a search left. Backwards, and twice around for the
 * run that crosses the table's end. A search under way finds the end one slot earlier.
 */
static void empty_ends(void)
{
    for (uint32_t i = 2 * SLOT_COUNT; i-- > 0;)
        if (address_in(i) == RETIRED && !address_in(i + 1))
            atomic_store_explicit(&slots[i & (SLOT_COUNT - 1)].address, 0, memory_order_release);
}

void ffitap__function_retire(uintptr_t start, uintptr_t end)
{
    bool any = false;

    for (uint32_t i = 0; i < SLOT_COUNT; i++)
        if (address_in(i) >= start && address_in(i) < end) {
            atomic_store_explicit(&slots[i].address, RETIRED, memory_order_release);
            any = true;
        }
    if (!any)
        return;
    empty_ends();
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
