/*
 * What the fuzz targets share. A target is one file with one function, which libFuzzer calls with
 * inputs that it derives from those in corpus/TARGET; without libFuzzer, replay.c calls it with
 * each of these once. Whatever the input is, the target must neither crash nor leave memory behind,
 * and what it expects must hold.
 */
#ifndef FFITAP_TESTS_FUZZ_H
#define FFITAP_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The target; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, which is how libFuzzer is told that the input is to be kept, unless `held`. */
void fuzz_expect(bool held, const char *what);

/* What is left of an input. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};

/* Takes off a number of `count` bytes, lowest first; bytes that are missing are 0. */
uint64_t fuzz_take_number(struct fuzz_input *input, unsigned count);

/* Takes off the text up to the next newline, the next NUL or the end. The caller has to free() the
 * text. */
char *fuzz_take_line(struct fuzz_input *input);

/* Takes off the text up to the next NUL or the end. The caller has to free() the text. */
char *fuzz_take_text(struct fuzz_input *input);

/* A folder for files, made when it is first asked for; it is removed when the target ends. */
const char *fuzz_folder(void);

/* Makes `bytes` the file `name` in that folder. */
void fuzz_write(const char *name, const void *bytes, size_t size);

/* Reads the file `path`, and puts a NUL behind its end. The caller has to free() that. */
char *fuzz_read(const char *path, size_t *size);

/* Removes a file, or a folder with all that is in it. Does nothing if there is no such thing. */
void fuzz_remove(const char *path);

#endif
