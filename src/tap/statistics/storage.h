/*
 * Where statistics are kept: a file of this process (src/tap/statistics/file.h), mapped and handed
 * out piece by piece. One storage at a time is the current one, where new counts go. A former one
 * stays mapped while a thread can still write to it. A forked child has no file until it asks for
 * one of its own; it never counts in its parent's. Everything here leaves errno alone unless it
 * says otherwise, and can fail: then there is no file, or no more room in it, and what was to be
 * counted is lost.
 */
#ifndef FFITAP_TAP_STATISTICS_STORAGE_H
#define FFITAP_TAP_STATISTICS_STORAGE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tap/base/event.h"
#include "tap/statistics/file.h"

/* What is said of a process in its file's header. */
struct ffitap__storage_process {
    const char *exe;
    const uint8_t *argv;
    uint32_t argv_size;
    const char *recording;
    uint64_t start_ns;
};

/* A file and its mapping. */
struct ffitap__storage {
    struct ffitap__statistics_header *header; /* the mapping's beginning */
    uint64_t capacity;
    _Atomic uint64_t blocks_end; /* up to here the file has blocks */
    _Atomic uint32_t holders;    /* who may write to it: tallies, and 1 while this is current */
    uint32_t generation;         /* no other storage of this image or of its parents has it */
    int32_t pid;                 /* whose it is: tells a child of whose fork nobody told us */
    char path[PATH_MAX];
};

#define FFITAP__STORAGE_LINE 64u

/* What becomes of a file that has no room even for its header. */
enum ffitap__storage_remains {
    FFITAP__STORAGE_REMAINS_EMPTY, /* it tells readers that this process does not count */
    FFITAP__STORAGE_IS_REMOVED,    /* the program is told of the failure */
};

/* Makes a file in `folder`, an absolute path, and makes it the current one. Returns 0, or why there
 * is none: an errno. With the tap's lock held, while there is no current one. */
int ffitap__storage_create(const char *folder, const struct ffitap__storage_process *process,
                           enum ffitap__storage_remains remains);

/*
 * The current storage; NULL if there is none. Whoever uses it must have the tap's lock or a hold.
 */
struct ffitap__storage *ffitap__storage_current(void);

/* Closes the current storage: nothing new is counted in it from now on, and there is no current
 * one. With the tap's lock held. */
void ffitap__storage_close(void);

/*
 * Lets go of the parent's file, in a forked child. Pointers into that file must be forgotten. But
 * the signal handler that forked may have interrupted code that counts, and that code goes on when
 * the handler returns: so there is memory in the file's place until the child forks, too. The
 * file's first page stays until the child has a file of its own. If the child can have none, it
 * says so on that page, because a process that can open no file can say it nowhere else.
 */
void ffitap__storage_abandon(void);

/* The current storage, which stays mapped until ffitap__storage_release(); NULL if there is none.
 * With the tap's lock held; releasing takes none. */
struct ffitap__storage *ffitap__storage_hold(void);
void ffitap__storage_release(struct ffitap__storage *storage);

/* The first counts a loss in the current storage, if there is one; the second in `storage`. Any
 * thread, without a lock. */
void ffitap__storage_lose(const struct ffitap__lost_event *event);
void ffitap__storage_lose_in(struct ffitap__storage *storage,
                             const struct ffitap__lost_event *event);

/*
 * Says that this process, or the child `pid` of it, ran another program at `moment_ns` of which no
 * note could be left (tap/known/exec.h) because of `failure`, an errno. This is said in the current
 * file or, in a forked child that has none, in its parent's. Any thread, signal handler or child of
 * vfork(2) may call this. Returns what ffitap__storage_take_back() takes, or a negative number if
 * there is nowhere to say it.
 */
int ffitap__storage_tell_unnoted(int32_t pid, uint64_t moment_ns, int failure);
void ffitap__storage_take_back(int told);

/* Tells readers how long a tick is, if it is known. */
void ffitap__storage_tell_rate(struct ffitap__storage *storage);

/* A zeroed piece of the file, which stays where it is; NULL if there is no room. Any thread, with
 * or without the tap's lock, which is taken where the file grows. */
void *ffitap__storage_take(struct ffitap__storage *storage, size_t size);

/* The same in whole cache lines, which no other piece shares. `size` must be a multiple of
 * FFITAP__STORAGE_LINE. */
void *ffitap__storage_take_lines(struct ffitap__storage *storage, size_t size);

/* The offset of a piece, as others in the file refer to it; 0 for NULL. */
uint64_t ffitap__storage_offset(const struct ffitap__storage *storage, const void *piece);

/* The offset of `text`, which is written once however often it is asked for. With the lock held. */
uint64_t ffitap__storage_text(struct ffitap__storage *storage, const char *text);

/* Puts the record of `size` bytes that `link` begins in front of a list. With the lock held. */
void ffitap__storage_publish(struct ffitap__storage *storage, enum ffitap__statistics_list list,
                             struct ffitap__statistics_link *link, size_t size);

#endif
