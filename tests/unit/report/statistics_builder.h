/*
 * Builds statistics files by hand: records one after another in memory, as a process would leave
 * them. So a test can say exactly what a file holds, and then break it.
 */
#ifndef FFITAP_TESTS_STATISTICS_BUILDER_H
#define FFITAP_TESTS_STATISTICS_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "tap/statistics/file.h"

#define BUILDER_SIZE 16384u

/* Begins with the header. A zeroed builder holds nothing yet. */
union builder {
    struct ffitap__statistics_header header;
    uint8_t bytes[BUILDER_SIZE];
};

/* Makes the header of a file that holds no records yet: process 4711, ticks that are ns. */
void builder_begin(union builder *builder);

/* The record, text or piece at an offset, for the test to fill. */
void *builder_at(union builder *builder, uint64_t offset);

/* Each returns the offset of what it adds. */
uint64_t builder_text(union builder *builder, const char *text);
uint64_t builder_record(union builder *builder, _Atomic uint64_t *list, uint32_t size);
uint64_t builder_function(union builder *builder, uint32_t id, const char *library,
                          const char *symbol);
uint64_t builder_runtime(union builder *builder, uint32_t id, const char *name);
uint64_t builder_thread(union builder *builder, int32_t tid);
uint64_t builder_cell(union builder *builder, uint64_t thread, uint32_t function_id,
                      enum ffitap__statistics_cell_kind kind);

/* An empty scattered piece in front of a cell's histogram. */
uint64_t builder_scatter(union builder *builder, uint64_t cell);

/* Counts in a cell, as its thread would: a call or callback, its window, what it left in errno. */
void builder_count(union builder *builder, uint64_t cell, uint64_t duration_ns);
void builder_count_window(union builder *builder, uint64_t cell, uint64_t released_ns,
                          uint64_t wait_ns);
void builder_count_errno(union builder *builder, uint64_t cell, unsigned index, int32_t value);

/* The offset of the first piece of a cell's durations. */
uint64_t builder_buckets(union builder *builder, uint64_t cell);

/* Makes a file that has everything in it once, and ends it. */
void builder_tell_story(union builder *builder);

/* Sets the file's size to that of what is there, and returns it. */
size_t builder_end(union builder *builder);

#endif
