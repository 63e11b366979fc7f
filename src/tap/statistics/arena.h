/*
 * An arena gives one thread the pieces of a statistics file that this thread alone writes to. It
 * takes them from the file in chunks of whole cache lines, because two threads that count in the
 * same line would make their processors wait for each other at each call. An arena needs no lock.
 * The thread's signal handlers may take pieces as well, at any instruction.
 */
#ifndef FFITAP_TAP_STATISTICS_ARENA_H
#define FFITAP_TAP_STATISTICS_ARENA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "tap/statistics/storage.h"

struct ffitap__arena {
    struct ffitap__storage *storage;
    _Atomic uint64_t room; /* of the chunk: upper half, offset of its end; lower, of its rest */
    _Atomic uint32_t chunk_size; /* of the last; 0 for none */
};

/* Sizes of chunks. The first is small, so that a thread that counts little takes up little of the
 * file. */
#define FFITAP__ARENA_FIRST 512u
#define FFITAP__ARENA_MOST  4096u

/* A zeroed piece of at most FFITAP__ARENA_FIRST bytes, which stays where it is; NULL if there is no
 * room. */
void *ffitap__arena_take(struct ffitap__arena *arena, size_t size);

/* As ffitap__storage_offset(). */
static inline uint64_t ffitap__arena_offset(const struct ffitap__arena *arena, const void *piece)
{
    return ffitap__storage_offset(arena->storage, piece);
}

#endif
