/*
 * Which function is at an address. Finding takes no lock and no more memory than there are
 * functions; the rest is done with the tap's lock held.
 */
#ifndef FFITAP_TAP_FUNCTION_TABLE_H
#define FFITAP_TAP_FUNCTION_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct ffitap__function;

/* NULL if none is known there. */
struct ffitap__function *ffitap__function_table_find(uintptr_t address);

/* Puts a function at its address, where none is. False if there is no memory. */
bool ffitap__function_table_add(struct ffitap__function *function);

/* Takes out those from `start` to `end` that are meant. Returns whether there were any. */
bool ffitap__function_table_remove(uintptr_t start, uintptr_t end,
                                   bool (*is_meant)(const struct ffitap__function *function));

#endif
