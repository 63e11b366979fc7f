/* Calls a target with every file of the folder that the command line names, where there is no
 * libFuzzer to do that. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

/*
 * The input lies in memory of exactly its size, so that a sanitizer notices a read behind its end.
 */
static void replay(const char *path)
{
    size_t size;
    char *bytes = fuzz_read(path, &size);
    uint8_t *input = malloc(size);

    for (size_t i = 0; i < size; i++)
        input[i] = (uint8_t)bytes[i];
    free(bytes);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
}

int main(int argc, char **argv)
{
    DIR *corpus = argc == 2 ? opendir(argv[1]) : NULL;
    unsigned count = 0;
    char path[512];

    for (const struct dirent *entry; corpus && (entry = readdir(corpus));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        replay(path);
        count++;
    }
    if (corpus)
        closedir(corpus);
    fprintf(stderr, "%u inputs\n", count);
    return count ? 0 : 1; /* a corpus that is not found tests nothing */
}
