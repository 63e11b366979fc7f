/*
 * Where statistics are kept: the file of this process (src/tap/statistics_file.h), mapped and
 * handed out piece by piece. A forked child has no file until it asks for one of its own; it never
 * writes to its parent's. Everything here leaves errno alone and can fail: then there is no file,
 * or no more room in it, and what was to be counted is lost.
 */
#ifndef FFITAP_TAP_STORAGE_H
#define FFITAP_TAP_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tap/statistics_file.h"

/* What is said of a process in its file's header. */
struct ffitap__storage_process {
    const char *exe;
    const uint8_t *argv;
    uint32_t argv_size;
    const char *recording;
    uint64_t start_ns;
};

/* Makes a file in `folder`, an absolute path; one without room stays there empty, which tells
 * readers that this process does not count. With the tap's lock held. */
bool ffitap__storage_create(const char *folder, const struct ffitap__storage_process *process);

/* In a forked child: lets go of the parent's file. */
void ffitap__storage_abandon(void);

/* NULL without a file. */
struct ffitap__statistics_header *ffitap__storage_header(void);

/* Which file it is: another number for each that this program image and its parents had. */
uint32_t ffitap__storage_generation(void);

/*
 * A zeroed piece of the file, which stays where it is; NULL if there is none. Any thread, with or
 * without the tap's lock, which is taken where the file grows.
 */
void *ffitap__storage_take(size_t size);

/* The offset of a piece, as others in the file refer to it; 0 for NULL. */
uint64_t ffitap__storage_offset(const void *piece);

/* The offset of `text`, which is written once however often it is asked for. With the lock held. */
uint64_t ffitap__storage_text(const char *text);

/* Puts the record of `size` bytes that `link` begins in front of a list. With the lock held. */
void ffitap__storage_publish(enum ffitap__statistics_list list,
                             struct ffitap__statistics_link *link, size_t size);

#endif
