#include "tap/known/function_table.h"

#include <stdatomic.h>
#include <stddef.h>

#include "tap/base/memory.h"

#define FIRST_CAPACITY 512u /* a power of two, as every capacity */

/* An address that no function has: the slot can be used again but does not end a search. */
#define RETIRED 1u

struct slot {
    _Atomic uintptr_t address; /* 0: never used */
    struct ffitap__function *_Atomic function;
};

struct table {
    uint32_t capacity;
    uint32_t count; /* of functions */
    struct slot slots[];
};

/*
 * The table in use. A table that became too small is left as it is, because some thread may be
 * searching it. Each table is twice as large as the one before, so all former ones together take no
 * more memory than this one.
 */
static struct table *_Atomic current;

static uint32_t next(const struct table *table, uint32_t slot)
{
    return (slot + 1) & (table->capacity - 1);
}

static uint32_t first_slot(const struct table *table, uintptr_t address)
{
    return (uint32_t)(((uint64_t)address * 0x9E3779B97F4A7C15u) >> 40) & (table->capacity - 1);
}

static uintptr_t address_in(const struct table *table, uint32_t slot)
{
    return atomic_load_explicit(&table->slots[slot].address, memory_order_acquire);
}

struct ffitap__function *ffitap__function_table_find(uintptr_t address)
{
    const struct table *table = atomic_load_explicit(&current, memory_order_acquire);

    if (!table || address <= RETIRED)
        return NULL;
    uint32_t slot = first_slot(table, address);
    for (uint32_t probes = 0; probes < table->capacity; probes++, slot = next(table, slot)) {
        const uintptr_t there = address_in(table, slot);

        if (there == address)
            return atomic_load_explicit(&table->slots[slot].function, memory_order_relaxed);
        if (!there)
            return NULL;
    }
    return NULL;
}

/* Puts a function into the table, which has room for it: less than half of the slots hold one. */
static void put(struct table *table, uintptr_t address, struct ffitap__function *function)
{
    uint32_t slot = first_slot(table, address);

    while (address_in(table, slot) > RETIRED)
        slot = next(table, slot);
    atomic_store_explicit(&table->slots[slot].function, function, memory_order_relaxed);
    atomic_store_explicit(&table->slots[slot].address, address, memory_order_release);
    table->count++;
}

static struct table *grow(const struct table *old)
{
    const uint32_t capacity = old ? 2 * old->capacity : FIRST_CAPACITY;
    struct table *table = ffitap__memory_keep(sizeof(*table) + capacity * sizeof(*table->slots));

    if (!table)
        return NULL;
    table->capacity = capacity;
    for (uint32_t slot = 0; old && slot < old->capacity; slot++)
        if (address_in(old, slot) > RETIRED)
            put(table, address_in(old, slot), old->slots[slot].function);
    atomic_store_explicit(&current, table, memory_order_release);
    return table;
}

bool ffitap__function_table_add(struct ffitap__function *function)
{
    struct table *table = atomic_load_explicit(&current, memory_order_relaxed);

    if (!table || table->count >= table->capacity / 2)
        table = grow(table);
    if (!table)
        return false;
    put(table, function->address, function);
    return true;
}

/*
 * Turns retired slots that stand right before a never-used one into never-used ones: no search has
 * to go on past them. Without this, a table that functions come to and go from would at last have
 * no slot left that ends a search. The walk goes backwards, and twice around because a row of such
 * slots may cross the table's end. A search that is under way only ends earlier.
 */
static void empty_ends(struct table *table)
{
    for (uint32_t i = 2 * table->capacity; i-- > 0;) {
        const uint32_t slot = i & (table->capacity - 1);

        if (address_in(table, slot) == RETIRED && !address_in(table, next(table, slot)))
            atomic_store_explicit(&table->slots[slot].address, 0, memory_order_release);
    }
}

bool ffitap__function_table_remove(uintptr_t start, uintptr_t end,
                                   bool (*is_meant)(const struct ffitap__function *function))
{
    struct table *table = atomic_load_explicit(&current, memory_order_relaxed);
    const uint32_t before = table ? table->count : 0;

    for (uint32_t slot = 0; table && slot < table->capacity; slot++)
        if (address_in(table, slot) > RETIRED && address_in(table, slot) >= start &&
            address_in(table, slot) < end && is_meant(table->slots[slot].function)) {
            atomic_store_explicit(&table->slots[slot].address, RETIRED, memory_order_release);
            table->count--;
        }
    if (!table || table->count == before)
        return false;
    empty_ends(table);
    return true;
}
