/*
 * The bytes of a statistics file (tap/statistics/file.h), mapped read-only. These bytes are not to
 * be trusted: the file may be cut, foreign or made up, and a process may write to it meanwhile. So
 * everything that is used is copied first and checked in the copy. An offset that leads out of the
 * file, or in a circle, is not followed, and is remembered as damage. The work is at most
 * proportional to the file.
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
 * close: there is no such file, or the file is none of ours, of another version, or only begun.
 */
int ffitap__image_open(struct ffitap__image *image, const char *path, char *why, unsigned size);

void ffitap__image_close(struct ffitap__image *image);

/* Remembers what is wrong with the file. Only the first damage is remembered. */
void ffitap__image_note_damage(struct ffitap__image *image, const char *damage);

/* Reads a number that its writer may be changing, and everything that was written before it. */
uint64_t ffitap__image_load(const _Atomic uint64_t *number);

/* Copies the header, parts of which may be changing. Members that an older file does not have are
 * 0. */
void ffitap__image_copy_header(const struct ffitap__image *image,
                               struct ffitap__statistics_header *copy);

/*
 * Copies `size` bytes, a multiple of 8, word by word and in order. Returns false, and notes damage,
 * if not all of them are in the file. An offset of 0 is damage as well: the caller has to know that
 * there is something.
 */
bool ffitap__image_copy(struct ffitap__image *image, uint64_t offset, void *copy, uint32_t size);

/* Where `size` bytes at `offset` are, to watch them change; NULL, with damage, as above. */
const void *ffitap__image_borrow(struct ffitap__image *image, uint64_t offset, uint32_t size);

/*
 * The offsets (uint64_t) of the records of the list from `head` to before `end` (0: all of it),
 * oldest first. Each record has at least `size` bytes in the file and was in no list before. The
 * list ends before the first record of which that is not true. g_array_free() it.
 */
GArray *ffitap__image_list(struct ffitap__image *image, uint64_t head, uint64_t end, uint32_t size);

/* A copy of the text at `offset`, which g_free() releases; NULL for offset 0 and, with damage
 * noted, if there is no text there. */
char *ffitap__image_text(struct ffitap__image *image, uint64_t offset);

#endif
