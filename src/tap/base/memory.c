#include "tap/base/memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_SIZE   ((size_t)64 * 1024)
#define BUCKET_COUNT 1024u

struct interned {
    struct interned *next;
    struct ffitap__memory_memo memo;
    uint32_t hash;
    char text[];
};

static char *chunk;
static size_t chunk_left;
static struct interned *buckets[BUCKET_COUNT];

static void *map_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return pages == MAP_FAILED ? NULL : pages;
}

/* The pages become accessible last. In a program that locks all of its memory, mmap(2) would fill
 * accessible pages at once; it leaves pages empty that may not be touched. */
void *ffitap__memory_reserve(size_t size)
{
    void *pages = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (pages == MAP_FAILED)
        return NULL;
    munlock(pages, size);
    if (mprotect(pages, size, PROT_READ | PROT_WRITE) == 0)
        return pages;
    munmap(pages, size);
    return NULL;
}

void *ffitap__memory_keep(size_t size)
{
    size = (size + 15) & ~(size_t)15;
    if (size > CHUNK_SIZE)
        return map_pages(size);
    if (size > chunk_left) {
        chunk = map_pages(CHUNK_SIZE);
        chunk_left = chunk ? CHUNK_SIZE : 0;
        if (!chunk)
            return NULL;
    }
    void *kept = chunk;
    chunk += size;
    chunk_left -= size;
    return kept;
}

static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static struct interned *find_or_add(const char *text)
{
    if (!text || !*text)
        return NULL;

    const uint32_t hash = hash_text(text);
    struct interned **bucket = &buckets[hash % BUCKET_COUNT];

    for (struct interned *one = *bucket; one; one = one->next)
        if (one->hash == hash && strcmp(one->text, text) == 0)
            return one;

    const size_t size = strlen(text) + 1;
    struct interned *fresh = ffitap__memory_keep(sizeof(*fresh) + size);
    if (!fresh)
        return NULL;
    memcpy(fresh->text, text, size);
    fresh->hash = hash;
    fresh->next = *bucket;
    *bucket = fresh;
    return fresh;
}

const char *ffitap__memory_intern(const char *text)
{
    const struct interned *interned = find_or_add(text);

    return interned ? interned->text : "";
}

struct ffitap__memory_memo *ffitap__memory_memo(const char *text)
{
    struct interned *interned = find_or_add(text);

    return interned ? &interned->memo : NULL;
}
