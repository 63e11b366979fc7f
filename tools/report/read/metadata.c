#include "report/read/metadata.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#define PACKET_MAGIC 0x75d11d57u

/* The beginning of a packet; text metadata has none, and any length. */
struct packet {
    uint32_t magic;
    uint8_t uuid[16];
    uint32_t checksum;
    uint32_t content_bits;
    uint32_t packet_bits;
};

static bool is_cut(int fd, uint64_t size)
{
    if (size == 0)
        return true; /* the disk was full before LTTng wrote any; babeltrace 2.1 aborts on it */
    for (uint64_t offset = 0; offset < size;) {
        struct packet packet = {0};
        const ssize_t got = pread(fd, &packet, sizeof packet, (off_t)offset);
        if (packet.magic != PACKET_MAGIC)
            return false;
        if (got != (ssize_t)sizeof packet ||
            MAX(packet.content_bits, packet.packet_bits) / 8 > size - offset)
            return true;
        if (packet.packet_bits / 8 < sizeof packet)
            return false; /* damaged in other ways, which babeltrace refuses */
        offset += packet.packet_bits / 8;
    }
    return false;
}

bool ffitap__metadata_is_cut(const char *directory)
{
    char *path = g_build_filename(directory, "metadata", NULL);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    const bool cut = fd >= 0 && fstat(fd, &status) == 0 && is_cut(fd, (uint64_t)status.st_size);

    if (fd >= 0)
        close(fd);
    g_free(path);
    return cut;
}
