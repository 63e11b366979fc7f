/*
 * How much memory LTTng gets for events that the disk has not taken yet. LTTng allocates the
 * buffers in /dev/shm, for every possible CPU and all at once, and their sizes must be powers of
 * two.
 */
#ifndef FFITAP_TOOLS_RECORDER_LTTNG_BUFFERS_H
#define FFITAP_TOOLS_RECORDER_LTTNG_BUFFERS_H

#include <stdbool.h>
#include <stdint.h>

/* The buffer of one CPU in one channel. */
struct ffitap_buffer {
    uint64_t part_size; /* bytes of a sub-buffer, a power of two */
    uint64_t part_count;
};

/* What there is to allocate from. */
struct ffitap_memory {
    unsigned cpus;      /* possible ones, as LTTng counts them */
    uint64_t available; /* bytes free in /dev/shm; UINT64_MAX if nobody knows */
};

/* Parses --buffer-size: a number of bytes, or with suffix K, M or G. False if it is nonsense. */
bool ffitap_buffers_parse(const char *text, uint64_t *bytes);

/* The calls channel's buffer of at least `bytes` per CPU. */
struct ffitap_buffer ffitap_buffers_for_calls(uint64_t bytes);

/* The same without --buffer-size: as much as a hot loop needs and the machine spares. */
struct ffitap_buffer ffitap_buffers_default_for_calls(const struct ffitap_memory *memory);

struct ffitap_buffer ffitap_buffers_for_definitions(const struct ffitap_memory *memory);

/* Bytes that `buffer` takes on all CPUs together. */
uint64_t ffitap_buffers_total(const struct ffitap_buffer *buffer, unsigned cpus);

struct ffitap_memory ffitap_memory_get(void);

#endif
