#include "report/read/repair.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "report/read/graph.h"

/*
 * The beginning of a packet, as LTTng-UST lays it out in the byte order of the machine that
 * recorded; this program reads recordings of x86-64 only. A stream that looks otherwise is not
 * repaired.
 */
struct packet {
    uint32_t magic;
    uint8_t uuid[16];
    uint32_t stream_id;
    uint64_t stream_instance_id;
    uint64_t timestamp_begin;
    uint64_t timestamp_end;
    uint64_t content_bits;
    uint64_t packet_bits;
};
#define PACKET_MAGIC 0xc1fc1fc1u

static bool is_sound(const struct packet *packet)
{
    return packet->magic == PACKET_MAGIC && packet->packet_bits % 8 == 0 &&
           packet->packet_bits >= sizeof(*packet) * 8 &&
           packet->content_bits >= sizeof(*packet) * 8 &&
           packet->content_bits <= packet->packet_bits;
}

/* How many bytes at the beginning of the stream `fd` of `size` bytes are whole packets. */
static uint64_t whole_packets(int fd, uint64_t size)
{
    struct packet packet;
    uint64_t whole = 0;

    while (whole < size &&
           pread(fd, &packet, sizeof(packet), (off_t)whole) == (ssize_t)sizeof(packet) &&
           is_sound(&packet) && packet.packet_bits / 8 <= size - whole)
        whole += packet.packet_bits / 8;
    return whole;
}

/* Copies the first `size` bytes of `from` to the new file `path`. */
static bool copy_beginning(int from, const char *path, uint64_t size)
{
    const int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    loff_t offset = 0;
    bool copied = to >= 0;

    while (copied && (uint64_t)offset < size) {
        char buffer[65536];
        const ssize_t got =
            pread(from, buffer, MIN(sizeof(buffer), size - (uint64_t)offset), offset);
        copied = got > 0 && write(to, buffer, (size_t)got) == got;
        offset += got;
    }
    if (to >= 0)
        close(to);
    if (!copied)
        unlink(path);
    return copied;
}

/* Puts the stream `name` into the view, as much of it as is whole, if it holds anything. */
static void show_stream(const char *trace, const char *view, const char *name, int fd,
                        uint64_t size, const struct ffitap__report_sink *sink)
{
    if (size == 0)
        return;

    char *source = g_canonicalize_filename(name, trace);
    char *path = g_build_filename(view, name, NULL);
    const uint64_t whole = whole_packets(fd, size);

    if (whole == size) {
        if (symlink(source, path) != 0)
            ffitap__feed_damage_as(sink, "stream %s: left out (%s)", name, g_strerror(errno));
    } else if (whole == 0) {
        ffitap__feed_damage_as(
            sink, "stream %s: no whole packet in its %" G_GUINT64_FORMAT " bytes; left out", name,
            size);
    } else if (copy_beginning(fd, path, whole)) {
        ffitap__feed_damage_as(sink,
                               "stream %s: whole packets end after %" G_GUINT64_FORMAT
                               " of %" G_GUINT64_FORMAT " bytes; the rest is left out",
                               name, whole, size);
    } else {
        ffitap__feed_damage_as(sink,
                               "stream %s: damaged, and its whole packets cannot be copied "
                               "to %s (%s); left out",
                               name, view, g_strerror(errno));
    }
    g_free(path);
    g_free(source);
}

static bool is_stream(const char *name)
{
    return name[0] != '.' && strcmp(name, "metadata") != 0;
}

/* What a walk over the streams does with each: its file is `fd`, of `size` bytes. */
typedef void visit_stream(const char *trace, const char *view, const char *name, int fd,
                          uint64_t size, const struct ffitap__report_sink *sink);

static void each_stream(const char *trace, const char *view, const struct ffitap__report_sink *sink,
                        visit_stream *visit)
{
    GDir *directory = g_dir_open(trace, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        char *path = g_build_filename(trace, name, NULL);
        struct stat status;
        const int fd = is_stream(name) ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

        if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
            visit(trace, view, name, fd, (uint64_t)status.st_size, sink);
        if (fd >= 0)
            close(fd);
        g_free(path);
    }
    if (directory)
        g_dir_close(directory);
}

/* The index of a stream, as LTTng writes it; all numbers are big-endian. */
struct index_header {
    uint32_t magic;
    uint32_t major;
    uint32_t minor;
    uint32_t entry_size;
};

struct index_entry { /* its beginning */
    uint64_t offset; /* of the packet, in bytes */
    uint64_t packet_bits;
};

#define INDEX_MAGIC 0xC1F1DCC1u

/* How long the stream was when its index was written; 0 if that cannot be told. */
static uint64_t indexed_size(const char *trace, const char *name)
{
    char *path = g_strdup_printf("%s/index/%s.idx", trace, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct index_header header;
    struct index_entry last;
    uint64_t size = 0;

    if (fd >= 0 && pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
        be32toh(header.magic) == INDEX_MAGIC && be32toh(header.entry_size) >= sizeof(last)) {
        const off_t entry = be32toh(header.entry_size);
        const off_t entries = (lseek(fd, 0, SEEK_END) - (off_t)sizeof(header)) / entry;

        if (entries > 0 && pread(fd, &last, sizeof(last),
                                 (off_t)sizeof(header) + (entries - 1) * entry) == sizeof(last))
            size = be64toh(last.offset) + be64toh(last.packet_bits) / 8;
    }
    if (fd >= 0)
        close(fd);
    g_free(path);
    return size;
}

/* Notes a stream that lacks whole packets at its end. One that ends in the middle of a packet is
 * another matter: babeltrace refuses it. */
static void note_missing(const char *trace, const char *view, const char *name, int fd,
                         uint64_t size, const struct ffitap__report_sink *sink)
{
    const uint64_t indexed = indexed_size(trace, name);

    (void)view;
    if (size < indexed && whole_packets(fd, size) == size)
        ffitap__feed_damage_as(
            sink, "stream %s: ends after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes",
            name, size, indexed);
}

void ffitap__repair_note_missing(const char *trace, const struct ffitap__report_sink *sink)
{
    each_stream(trace, NULL, sink, note_missing);
}

static char *probe(const char *directory)
{
    gpointer items[] = {(gpointer)directory};
    const GPtrArray one = {.pdata = items, .len = 1};

    return ffitap__graph_probe(&one);
}

/* Why babeltrace refuses the stream `name` of the view when it is alone; NULL if it does not. */
static char *probe_alone(const char *view, const char *aside, const char *name)
{
    char *stream = g_build_filename(view, name, NULL);
    char *alone = g_build_filename(aside, name, NULL);
    char *metadata = g_build_filename(aside, "metadata", NULL);
    char *why = NULL;

    /* A hard link, because what is in the view may be a link already. */
    if (g_mkdir(aside, 0700) == 0 && symlink("../metadata", metadata) == 0 &&
        link(stream, alone) == 0)
        why = probe(aside);
    unlink(alone);
    unlink(metadata);
    g_rmdir(aside);
    g_free(metadata);
    g_free(alone);
    g_free(stream);
    return why;
}

static void drop_if_refused(const char *view, const char *name,
                            const struct ffitap__report_sink *sink)
{
    char *aside = g_build_filename(view, ".aside", NULL);
    char *why = probe_alone(view, aside, name);

    if (why) {
        char *stream = g_build_filename(view, name, NULL);
        unlink(stream);
        ffitap__feed_damage_as(sink, "stream %s: %s; left out", name, why);
        g_free(stream);
    }
    g_free(why);
    g_free(aside);
}

/* Opens each stream of the view alone and removes the ones that babeltrace refuses. */
static void drop_refused(const char *view, const struct ffitap__report_sink *sink)
{
    GDir *directory = g_dir_open(view, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        if (is_stream(name))
            g_ptr_array_add(names, g_strdup(name));
    }
    if (directory)
        g_dir_close(directory);
    for (unsigned i = 0; i < names->len; i++)
        drop_if_refused(view, g_ptr_array_index(names, i), sink);
    g_ptr_array_free(names, TRUE);
}

/* Makes an empty view: a directory of its own, with the trace's metadata. */
static char *create_view(const char *trace, const char *scratch)
{
    char *view = g_build_filename(scratch, "view-XXXXXX", NULL);
    char *source = g_canonicalize_filename("metadata", trace);
    char *metadata = NULL;

    if (g_mkdtemp(view))
        metadata = g_build_filename(view, "metadata", NULL);
    if (!metadata || symlink(source, metadata) != 0)
        g_clear_pointer(&view, g_free);
    g_free(metadata);
    g_free(source);
    return view;
}

char *ffitap__repair_create(const char *path, const char *scratch,
                            const struct ffitap__report_sink *sink)
{
    char *trace = g_canonicalize_filename(path, NULL); /* for links from elsewhere */
    char *view = create_view(trace, scratch);
    char *why = view ? probe(view) : NULL;

    if (view && !why) {
        each_stream(trace, view, sink, show_stream);
        why = probe(view);
        if (why) {
            drop_refused(view, sink);
            g_free(why);
            why = probe(view);
        }
    }
    if (why)
        g_clear_pointer(&view, g_free);
    g_free(why);
    g_free(trace);
    return view;
}
