#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fuzz_expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz: this does not hold: %s\n", what);
    abort();
}

uint64_t fuzz_take_number(struct fuzz_input *input, unsigned count)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < count && input->size; i++, input->data++, input->size--)
        number |= (uint64_t)*input->data << (8 * i);
    return number;
}

/* Takes off what comes before the byte at `end`, and that byte if there is one. */
static char *take_until(struct fuzz_input *input, size_t end)
{
    char *text = strndup((const char *)input->data, end);

    fuzz_expect(text != NULL, "there is memory");
    end += end < input->size;
    input->data += end;
    input->size -= end;
    return text;
}

char *fuzz_take_line(struct fuzz_input *input)
{
    size_t end = 0;

    while (end < input->size && input->data[end] != '\n' && input->data[end] != '\0')
        end++;
    return take_until(input, end);
}

char *fuzz_take_text(struct fuzz_input *input)
{
    return take_until(input, input->size ? strnlen((const char *)input->data, input->size) : 0);
}

static char folder[256];

static void remove_folder(void)
{
    fuzz_remove(folder);
}

const char *fuzz_folder(void)
{
    const char *temporary = getenv("TMPDIR");

    if (!*folder) {
        snprintf(folder, sizeof(folder), "%s/ffitap-fuzz-XXXXXX", temporary ? temporary : "/tmp");
        fuzz_expect(mkdtemp(folder) != NULL, "a folder can be made");
        atexit(remove_folder);
    }
    return folder;
}

void fuzz_write(const char *name, const void *bytes, size_t size)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), name);
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    fuzz_expect(file >= 0 && write(file, bytes, size) == (ssize_t)size, "a file can be written");
    close(file);
}

char *fuzz_read(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "re");
    char *bytes = NULL;

    fuzz_expect(stream && fseek(stream, 0, SEEK_END) == 0, "the file is there");
    *size = (size_t)ftell(stream);
    rewind(stream);
    bytes = calloc(1, *size + 1);
    fuzz_expect(bytes && fread(bytes, 1, *size, stream) == *size, "the file can be read");
    fclose(stream);
    return bytes;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

void fuzz_remove(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
