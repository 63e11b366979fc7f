/*
 * Memory for what the tap keeps until the process ends. Never malloc: the tap runs inside other
 * people's allocators, loaders and signal handlers. Call with the tap's lock held.
 */
#ifndef FFITAP_TAP_MEMORY_H
#define FFITAP_TAP_MEMORY_H

#include <stddef.h>

#include <ffitap/export.h>

/* Zeroed memory that is never given back; NULL if there is none. */
FFITAP__CROSSING void *ffitap__memory_keep(size_t size);

/* The one copy of `text`, so that equal strings are equal pointers; "" if there is no memory. */
const char *ffitap__memory_intern(const char *text);

#endif
