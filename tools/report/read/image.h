/*
 * The bytes of a statistics file (tap/statistics_file.h), mapped read-only. They are not to be
 * trusted: the file may be cut, foreign or made up, and a process may write to it meanwhile. So
 * whatever is used is copied first, and checked in the copy; what leads out of the file, or in a
 * circle, is left out and remembered as damage. The work is at most proportional to the file.
 *
 * A file that somebody cuts while it is mapped raises SIGBUS, as with any mapping; no writer does.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_IMAGE_H
#define FFITAP_TOOLS_REPORT_READ_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "tap/statistics/file.h"

struct ffitap__image {
    const struct ffitap__statistics_header *header; /* mapped: it may change */
    uint32_t header_size; /* as far as we know it: an older file's is shorter */
    uint64_t size;        /* of the file */
    uint64_t text_left;   /* a file cannot hold more text than this, if every text is its own */
    const char *damage;   /* what was wrong first, NULL: nothing so far */
    GHashTable *seen;     /* a set of offsets of records, each of which is in one list */
};

/*
 * Maps the file. Returns 0, or -1 with a sentence in `why` (at most `size` bytes) and nothing to
 * close: there is no such file, or it is none of ours, of another version, or only beginning.
 */
int ffitap__image_open(struct ffitap__image *image, const char *path, char *why, unsigned size);

void ffitap__image_close(struct ffitap__image *image);

/* Remembers what is wrong with the file, unless something was before. */
void ffitap__image_note_damage(struct ffitap__image *image, const char *damage);

/* Reads a number that its writer may be changing, and everything that was written before it. */
uint64_t ffitap__image_load(const _Atomic uint64_t *number);

/* Copies the header, of which some may be changing; 0 where an older file has none of it. */
void ffitap__image_copy_header(const struct ffitap__image *image,
                               struct ffitap__statistics_header *copy);

/*
 * Copies `size` bytes, a multiple of 8, word by word and in order. Returns false, and notes damage,
 * if they are not all in the file. For what is not NULL, 0 as an offset is damage too.
 */
bool ffitap__image_copy(struct ffitap__image *image, uint64_t offset, void *copy, uint32_t size);

/* Where `size` bytes at `offset` are, to watch them change; NULL, with damage, as above. */
const void *ffitap__image_borrow(struct ffitap__image *image, uint64_t offset, uint32_t size);

/*
 * The offsets (uint64_t) of the records of the list from `head` to before `end` (0: all of it),
 * oldest first. Each of them has `size` bytes at least in the file and was in no list before; what
 * follows the first that does not is left out. g_array_free() it.
 */
GArray *ffitap__image_list(struct ffitap__image *image, uint64_t head, uint64_t end, uint32_t size);

/* A copy of the text at `offset`, which g_free() releases; NULL for 0 and, with damage, for none.
 */
char *ffitap__image_text(struct ffitap__image *image, uint64_t offset);

#endif
