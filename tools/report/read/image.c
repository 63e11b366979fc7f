#include "report/read/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/base/text.h"

#define ONLY_BEGUN                                                                                 \
    "was only begun: its process is starting, or ended right then, or had no room to count"

/* Maps the file. If a pipe has the file's name, this must not wait for somebody to write to it. */
static int map(struct ffitap__image *image, const char *path, char *why, unsigned size)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat status = {0};
    void *bytes = MAP_FAILED;

    if (file < 0)
        return ffitap__text_explain(why, size, "cannot be opened: %s", strerror(errno));
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
        image->size = (uint64_t)status.st_size;
        if (image->size >= FFITAP__STATISTICS_SHORTEST_HEADER)
            bytes = mmap(NULL, image->size, PROT_READ, MAP_SHARED, file, 0);
    }
    const int failure = errno;
    close(file);
    if (!S_ISREG(status.st_mode))
        return ffitap__text_explain(why, size, "is no file");
    if (image->size == 0)
        return ffitap__text_explain(why, size, ONLY_BEGUN);
    if (image->size < FFITAP__STATISTICS_SHORTEST_HEADER)
        return ffitap__text_explain(why, size, "is cut short");
    if (bytes == MAP_FAILED)
        return ffitap__text_explain(why, size, "cannot be mapped: %s", strerror(failure));
    image->header = bytes;
    return 0;
}

static int check(const struct ffitap__image *image, char *why, unsigned size)
{
    static const char nothing[sizeof(image->header->magic)] = {0};
    const struct ffitap__statistics_header *header = image->header;
    const uint32_t ready = atomic_load_explicit(&header->ready, memory_order_acquire);
    char magic[sizeof(header->magic)];

    memcpy(magic, header->magic, sizeof(magic));
    if (memcmp(magic, nothing, sizeof(magic)) == 0 ||
        (ready == 0 && memcmp(magic, FFITAP__STATISTICS_MAGIC, sizeof(magic)) == 0))
        return ffitap__text_explain(why, size, ONLY_BEGUN);
    if (memcmp(magic, FFITAP__STATISTICS_MAGIC, sizeof(magic)) != 0)
        return ffitap__text_explain(why, size, "is no statistics file");
    if (header->version != FFITAP__STATISTICS_VERSION)
        return ffitap__text_explain(
            why, size, "is of format %u, this ffitap reads %u; use the ffitap that wrote it",
            header->version, FFITAP__STATISTICS_VERSION);
    return 0;
}

int ffitap__image_open(struct ffitap__image *image, const char *path, char *why, unsigned size)
{
    *image = (struct ffitap__image){0};
    if (map(image, path, why, size) != 0)
        return -1;
    if (check(image, why, size) != 0) {
        ffitap__image_close(image);
        return -1;
    }
    image->seen = g_hash_table_new(NULL, NULL);
    image->text_left = image->size;
    if (ffitap__image_load(&image->header->used) > image->size)
        ffitap__image_note_damage(image, "it is cut short");
    image->header_size = MIN(image->header->header_size, sizeof(*image->header));
    if (image->header_size < FFITAP__STATISTICS_SHORTEST_HEADER) {
        ffitap__image_note_damage(image, "its header is too short");
        image->header_size = FFITAP__STATISTICS_SHORTEST_HEADER;
    }
    return 0;
}

void ffitap__image_close(struct ffitap__image *image)
{
    if (image->seen)
        g_hash_table_destroy(image->seen);
    munmap((void *)image->header, image->size);
    *image = (struct ffitap__image){0};
}

void ffitap__image_note_damage(struct ffitap__image *image, const char *damage)
{
    if (!image->damage)
        image->damage = damage;
}

uint64_t ffitap__image_load(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_acquire);
}

/* Where the records end for a reader at this moment: the file may be growing. */
static uint64_t end_of(const struct ffitap__image *image)
{
    return MIN(ffitap__image_load(&image->header->used), image->size);
}

const void *ffitap__image_borrow(struct ffitap__image *image, uint64_t offset, uint32_t size)
{
    const uint64_t end = end_of(image);

    if (offset >= image->header_size && offset % 8 == 0 && offset <= end && size <= end - offset)
        return (const char *)image->header + offset;
    ffitap__image_note_damage(image, "an offset leads out of it");
    return NULL;
}

static void copy_words(void *copy, const _Atomic uint64_t *words, uint32_t size)
{
    for (uint32_t i = 0; i < size / 8; i++) {
        const uint64_t word = ffitap__image_load(&words[i]);
        memcpy((char *)copy + (size_t)8 * i, &word, 8);
    }
}

void ffitap__image_copy_header(const struct ffitap__image *image,
                               struct ffitap__statistics_header *copy)
{
    memset(copy, 0, sizeof(*copy));
    copy_words(copy, (const void *)image->header, image->header_size);
}

bool ffitap__image_copy(struct ffitap__image *image, uint64_t offset, void *copy, uint32_t size)
{
    const void *words = ffitap__image_borrow(image, offset, size);

    if (words)
        copy_words(copy, words, size);
    return words;
}

static void reverse(GArray *offsets)
{
    for (unsigned i = 0, j = offsets->len; i + 1 < j; i++) {
        j--;
        const uint64_t offset = g_array_index(offsets, uint64_t, i);
        g_array_index(offsets, uint64_t, i) = g_array_index(offsets, uint64_t, j);
        g_array_index(offsets, uint64_t, j) = offset;
    }
}

GArray *ffitap__image_list(struct ffitap__image *image, uint64_t head, uint64_t end, uint32_t size)
{
    GArray *offsets = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    struct ffitap__statistics_link link;

    for (uint64_t at = head; at && at != end; at = link.next) {
        if (!ffitap__image_copy(image, at, &link, sizeof(link)))
            break;
        if (link.size < size) {
            ffitap__image_note_damage(image, "a record is too short");
            break;
        }
        if (!ffitap__image_borrow(image, at, link.size))
            break;
        if (!g_hash_table_add(image->seen, GSIZE_TO_POINTER(at))) {
            ffitap__image_note_damage(image, "a list leads to a record that was there before");
            break;
        }
        g_array_append_val(offsets, at);
    }
    reverse(offsets);
    return offsets;
}

char *ffitap__image_text(struct ffitap__image *image, uint64_t offset)
{
    if (!offset)
        return NULL;
    const char *text = ffitap__image_borrow(image, offset, 1);
    if (!text)
        return NULL;
    const uint64_t room = MIN(end_of(image) - offset, image->text_left);
    const char *end = memchr(text, '\0', room);
    if (!end) {
        ffitap__image_note_damage(image, "a text has no end");
        return NULL;
    }
    const size_t length = (size_t)(end - text);
    image->text_left -= length;
    char *copy = g_malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
