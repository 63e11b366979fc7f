#include "recorder/lttng/buffers.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define KIB               UINT64_C(1024)
#define MIB               (1024 * KIB)
#define GIB               (1024 * MIB)

#define CALLS_PARTS       8u
#define CALLS_LEAST       (128 * KIB)
#define CALLS_MOST        (64 * GIB)
#define DEFINITIONS_PARTS 4u

bool ffitap_buffers_parse(const char *text, uint64_t *bytes)
{
    static const char suffixes[] = "KMG";
    char *rest;

    if (!isdigit((unsigned char)*text))
        return false;
    errno = 0;
    uint64_t value = strtoull(text, &rest, 10);
    if (errno)
        return false;
    if (*rest) {
        const char *suffix = strchr(suffixes, toupper((unsigned char)*rest));
        if (!suffix || rest[1])
            return false;
        const unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (value > UINT64_MAX >> shift)
            return false;
        value <<= shift;
    }
    if (value == 0 || value > CALLS_MOST)
        return false;
    *bytes = value;
    return true;
}

static uint64_t power_of_two_from(uint64_t value)
{
    uint64_t power = 1;

    while (power < value)
        power <<= 1;
    return power;
}

struct ffitap_buffer ffitap_buffers_for_calls(uint64_t bytes)
{
    const uint64_t wanted = bytes < CALLS_LEAST ? CALLS_LEAST : bytes;

    return (struct ffitap_buffer){power_of_two_from((wanted + CALLS_PARTS - 1) / CALLS_PARTS),
                                  CALLS_PARTS};
}

uint64_t ffitap_buffers_total(const struct ffitap_buffer *buffer, unsigned cpus)
{
    return buffer->part_size * buffer->part_count * cpus;
}

/* Halves `buffer` until the buffers of all CPUs take at most `budget`, or until its parts are down
 * to `least`. */
static struct ffitap_buffer shrink(struct ffitap_buffer buffer, unsigned cpus, uint64_t budget,
                                   uint64_t least)
{
    while (buffer.part_size > least && ffitap_buffers_total(&buffer, cpus) > budget)
        buffer.part_size /= 2;
    return buffer;
}

/*
 * A loop of 2 million calls a second writes 180 MB/s: 16 MiB last the consumer daemon for a stall
 * of 90 ms. The traced program waits at its start while LTTng fills the buffers of all CPUs with
 * zeros (0.5 ms per MiB), hence the limit on their sum.
 */
struct ffitap_buffer ffitap_buffers_default_for_calls(const struct ffitap_memory *memory)
{
    const uint64_t spare = memory->available / 4;

    return shrink(ffitap_buffers_for_calls(16 * MIB), memory->cpus,
                  spare < 256 * MIB ? spare : 256 * MIB, CALLS_LEAST / CALLS_PARTS);
}

/* The largest event, a process with its arguments, has to fit into a part. */
struct ffitap_buffer ffitap_buffers_for_definitions(const struct ffitap_memory *memory)
{
    const uint64_t spare = memory->available / 16;

    return shrink((struct ffitap_buffer){256 * KIB, DEFINITIONS_PARTS}, memory->cpus,
                  spare < 64 * MIB ? spare : 64 * MIB, 32 * KIB);
}

/* LTTng allocates for CPUs that may yet be plugged in, too: "0-127" is 128 of them. */
static unsigned count_possible_cpus(void)
{
    FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
    unsigned last = 0, first, end;
    const long configured = sysconf(_SC_NPROCESSORS_CONF);

    if (file) {
        while (fscanf(file, "%u", &first) == 1) {
            last = first;
            if (fscanf(file, "-%u", &end) == 1)
                last = end;
            if (fgetc(file) != ',')
                break;
        }
        fclose(file);
    }
    return configured > (long)last + 1 ? (unsigned)configured : last + 1;
}

struct ffitap_memory ffitap_memory_get(void)
{
    struct statvfs status;
    struct ffitap_memory memory = {.cpus = count_possible_cpus(), .available = UINT64_MAX};

    if (statvfs("/dev/shm", &status) == 0 && status.f_blocks > 0)
        memory.available = (uint64_t)status.f_bavail * status.f_frsize;
    return memory;
}
