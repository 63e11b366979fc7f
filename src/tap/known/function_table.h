/*
 * Which function is at an address. Finding takes no lock and no more memory than there are
 * functions; the rest is done with the tap's lock held.
 */
#ifndef FFITAP_TAP_KNOWN_FUNCTION_TABLE_H
#define FFITAP_TAP_KNOWN_FUNCTION_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ffitap__function {
    uint32_t id;         /* from 1 */
    uint8_t naming;      /* enum ffitap__naming */
    uintptr_t address;   /* the last one that it was found at */
    uint64_t place;      /* in its library, if it lies in one */
    uint64_t offset;     /* the same, or from the export that it is named after */
    const char *library; /* interned, as `symbol` */
    const char *symbol;
    _Atomic bool is_excluded;            /* by the filter: its calls are not measured */
    struct ffitap__function *same_place; /* the next of its bucket */
};

/* The function at `address`; NULL if none is known there. */
struct ffitap__function *ffitap__function_table_find(uintptr_t address);

/* Puts a function at its address, where none is. False if there is no memory. */
bool ffitap__function_table_add(struct ffitap__function *function);

/* Takes out the functions from `start` to `end` for which `is_meant` returns true. Returns whether
 * there were any. */
bool ffitap__function_table_remove(uintptr_t start, uintptr_t end,
                                   bool (*is_meant)(const struct ffitap__function *function));

#endif
