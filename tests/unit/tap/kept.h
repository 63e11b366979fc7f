/*
 * Statistics that are kept while a test runs, in a folder of its own, and their file as a reader
 * has it. Without a provider calls take another way, so the tests that include this are built
 * twice: with a provider and without.
 */
#ifndef TESTS_UNIT_TAP_KEPT_H
#define TESTS_UNIT_TAP_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "tap/statistics/file.h"

extern char kept_folder[];
extern uint16_t kept_runtime;

/* A test suite's .init and .fini. */
void kept_start(void);
void kept_remove(void);

void kept_start_in(const char *where);

/* kept_file() returns the file of `pid`, NULL if there is none. The others return what is in it: a
 * record, NULL for offset 0; a text; the one thread; the cell that the thread counted in last; the
 * sum of a histogram. */
const struct ffitap__statistics_header *kept_file(int pid);
const void *kept_at(const struct ffitap__statistics_header *header, uint64_t offset);
char *kept_text(const struct ffitap__statistics_header *header, uint64_t offset);
const struct ffitap__statistics_thread *kept_thread(const struct ffitap__statistics_header *header);
const struct ffitap__statistics_cell *
kept_newest_cell(const struct ffitap__statistics_header *header);
uint64_t kept_sum(const struct ffitap__statistics_header *header, uint64_t offset);

/* Calls through kept_runtime. */
void kept_call(void *address, bool has_lock);
void kept_call_with_window(void *address);

/* Waits for a child, which must end with 0. */
void kept_wait_for(int pid);

#endif
