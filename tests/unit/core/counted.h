/*
 * A program that keeps statistics of itself, in a folder of the test's own, and the files as a
 * reader has them. There is no provider, so that calls take the fast way, on which they are only
 * counted.
 */
#ifndef TESTS_UNIT_CORE_COUNTED_H
#define TESTS_UNIT_CORE_COUNTED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tap/statistics/file.h"

extern char counted_folder[];
extern atomic_uint_fast64_t counted_calls_made;

/* A test suite's .init and .fini. */
void counted_begin(void);
void counted_end(void);

/* Unlinks the files in the folder; returns how many there were. */
unsigned counted_empty_folder(void);

void counted_start(void);
void counted_stop(void);

/* An assertion that any thread may make. Criterion's own assertions are for one thread only. */
void counted_check(bool holds);
void counted_call(unsigned times);

/* counted_file() returns the `number`th file of `pid`, NULL if there is none. The other returns a
 * record of the file, NULL for offset 0. */
const struct ffitap__statistics_header *counted_file(int pid, unsigned number);
const void *counted_at(const struct ffitap__statistics_header *header, uint64_t offset);

/* How many calls this process's `number`th file counts, over all threads. */
uint64_t counted_calls_in(unsigned number);

/* Whether this process still maps a file of statistics, besides what a test maps. */
bool counted_is_mapped(void);

#endif
