/*
 * Memory for what the tap keeps until the process ends. Never malloc: the tap runs inside other
 * people's allocators, loaders and signal handlers. Call with the tap's lock held.
 */
#ifndef FFITAP_TAP_BASE_MEMORY_H
#define FFITAP_TAP_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <ffitap/export.h>

/* Zeroed memory that is never given back; NULL if there is none. */
FFITAP__CROSSING void *ffitap__memory_keep(size_t size);

/* The one copy of `text`, so that equal strings are equal pointers; "" if there is no memory. */
const char *ffitap__memory_intern(const char *text);

/* What the statistics file holds of a text: its offset, in the file of that generation. */
struct ffitap__memory_memo {
    uint64_t offset;
    uint32_t generation;
};

/* The memo of `text`, zero at first; NULL for "" and if there is no memory. */
struct ffitap__memory_memo *ffitap__memory_memo(const char *text);

/*
 * Zeroed address space. Only the part of it that is touched takes memory, even in a program that
 * locks all of its memory (mlockall(2)). To be released with munmap(2); NULL if there is none.
 * Needs no lock.
 */
FFITAP__CROSSING void *ffitap__memory_reserve(size_t size);

#endif
