/*
 * One cell of a statistics file, with all that hangs on it, as it was at one moment. Its thread may
 * be writing to it, may have died while it did, or somebody may have made the cell up. Whatever the
 * file holds, the figures that come out of here do not contradict each other.
 */
#ifndef FFITAP_TOOLS_REPORT_READ_SNAPSHOT_H
#define FFITAP_TOOLS_REPORT_READ_SNAPSHOT_H

#include "report/model/tables.h"
#include "report/read/image.h"

struct ffitap__snapshot;

/* Creates what snapshots are taken with, one after another. */
struct ffitap__snapshot *ffitap__snapshot_create(void);

void ffitap__snapshot_destroy(struct ffitap__snapshot *snapshot);

/*
 * Takes the cell at `offset`. Returns false, with damage noted, if there is none. If the writer
 * never comes to rest, perhaps because it died, the cell is taken as it is; the functions below
 * then go by its buckets.
 */
bool ffitap__snapshot_take(struct ffitap__snapshot *snapshot, struct ffitap__image *image,
                           uint64_t offset);

/* What the cell says beside what it counts. Borrowed until the next one is taken. */
const struct ffitap__statistics_cell *
ffitap__snapshot_cell(const struct ffitap__snapshot *snapshot);

/* Adds what a cell of calls counted; `function` is empty but for its identity. */
void ffitap__snapshot_count_calls(const struct ffitap__snapshot *snapshot,
                                  struct ffitap__image *image,
                                  struct ffitap__report_function *function);

/* The same of a cell of callbacks. */
void ffitap__snapshot_count_callbacks(const struct ffitap__snapshot *snapshot,
                                      struct ffitap__image *image,
                                      struct ffitap__callbacks *callbacks);

#endif
