/* ELF files on the disk: what the shim would find in them, and files that are none or damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "program/elf_file.h"

#define SELF "/proc/self/exe"

static const char sentence[] = "a sentence that stands in no other file";
static int file_in_memory;
static char path[64];
static unsigned char *image;
static size_t image_size;

__attribute__((noinline, used)) static void a_function_of_this_file(void)
{
    cr_log_info("%s", sentence);
}

/* The smallest of the libraries that the tests have. */
static void read_image(void)
{
    FILE *file = fopen(LIBRARY_ONE, "re");
    struct stat status;

    cr_assert(ne(ptr, file, NULL));
    cr_assert(eq(int, fstat(fileno(file), &status), 0));
    image_size = (size_t)status.st_size;
    image = malloc(image_size);
    cr_assert(eq(sz, fread(image, 1, image_size, file), image_size));
    fclose(file);
}

static void create(void)
{
    file_in_memory = memfd_create("damaged", MFD_CLOEXEC);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file_in_memory);
    read_image();
}

static void destroy(void)
{
    close(file_in_memory);
    free(image);
}

static void write_image(const void *bytes, size_t size)
{
    cr_assert(eq(int, ftruncate(file_in_memory, 0), 0));
    cr_assert(eq(sz, (size_t)pwrite(file_in_memory, bytes, size, 0), size));
}

/* Asks everything that is ever asked of a file. Returns whether it was an ELF file at all. */
static bool ask_everything(void)
{
    struct ffitap_elf_file file;
    char section[28]; /* as long as the dynamic linker's name */

    if (ffitap_elf_file_open(&file, path))
        return false;
    ffitap_elf_file_has_slot(&file, "ffi_call");
    ffitap_elf_file_defines(&file, "ffi_call");
    ffitap_elf_file_holds_string(&file, "no such string");
    ffitap_elf_file_read_section(&file, ".interp", section, sizeof section);
    ffitap_elf_file_close(&file);
    return true;
}

static const char *open_error(const char *name)
{
    struct ffitap_elf_file file;
    const char *why = ffitap_elf_file_open(&file, name);

    ffitap_elf_file_close(&file);
    return why ? why : "";
}

TestSuite(elf_file, .init = create, .fini = destroy);

Test(elf_file, it_tells_what_a_program_is)
{
    struct ffitap_elf_file file;

    cr_assert(eq(ptr, (void *)ffitap_elf_file_open(&file, SELF), NULL));
    cr_expect(file.is_native);
    cr_expect(file.is_dynamic);
    cr_expect(eq(str, file.interpreter, "/lib64/ld-linux-x86-64.so.2"));
    cr_expect(eq(str, file.soname, ""));
    ffitap_elf_file_close(&file);
}

Test(elf_file, it_tells_a_librarys_name)
{
    struct ffitap_elf_file file;

    cr_assert(
        eq(ptr, (void *)ffitap_elf_file_open(&file, "/lib/x86_64-linux-gnu/libc.so.6"), NULL));
    cr_expect(eq(str, file.soname, "libc.so.6"));
    ffitap_elf_file_close(&file);
}

Test(elf_file, it_reads_a_section_of_the_size_that_is_asked_for)
{
    struct ffitap_elf_file file;
    char section[28] = "";

    cr_assert(eq(ptr, (void *)ffitap_elf_file_open(&file, SELF), NULL));
    cr_expect(ffitap_elf_file_read_section(&file, ".interp", section, sizeof section));
    cr_expect(eq(str, section, "/lib64/ld-linux-x86-64.so.2"));
    cr_expect(not(ffitap_elf_file_read_section(&file, ".interp", section, sizeof section - 1)));
    cr_expect(not(ffitap_elf_file_read_section(&file, ".inter", section, sizeof section)));
    ffitap_elf_file_close(&file);
}

Test(elf_file, it_finds_slots_of_what_is_imported)
{
    struct ffitap_elf_file file;

    cr_assert(eq(ptr, (void *)ffitap_elf_file_open(&file, SELF), NULL));
    cr_expect(ffitap_elf_file_has_slot(&file, "elf_begin"));
    cr_expect(not(ffitap_elf_file_has_slot(&file, "elf_begi")));
    cr_expect(not(ffitap_elf_file_has_slot(&file, "a_function_of_this_file")));
    ffitap_elf_file_close(&file);
}

Test(elf_file, it_finds_what_is_defined_exported_or_not)
{
    struct ffitap_elf_file file;

    cr_assert(eq(ptr, (void *)ffitap_elf_file_open(&file, SELF), NULL));
    cr_expect(ffitap_elf_file_defines(&file, "a_function_of_this_file"));
    cr_expect(not(ffitap_elf_file_defines(&file, "elf_begin")));
    cr_expect(not(ffitap_elf_file_defines(&file, "sentence")), "it is no function");
    ffitap_elf_file_close(&file);
}

Test(elf_file, it_finds_whole_strings)
{
    struct ffitap_elf_file file;

    cr_assert(eq(ptr, (void *)ffitap_elf_file_open(&file, SELF), NULL));
    cr_expect(ffitap_elf_file_holds_string(&file, sentence));
    char part[sizeof sentence] = "";
    memcpy(part, sentence, sizeof sentence - 2);
    cr_expect(not(ffitap_elf_file_holds_string(&file, part)));
    ffitap_elf_file_close(&file);
}

Test(elf_file, it_says_what_is_no_elf_file)
{
    cr_expect(eq(str, (char *)open_error("/no/such/file"), "No such file or directory"));
    cr_expect(eq(str, (char *)open_error("/tmp"), "not a file"));
    cr_expect(eq(str, (char *)open_error("/dev/null"), "not a file"));
    cr_expect(eq(str, (char *)open_error(path), "not an ELF file"), "it is empty");
    write_image("#!/bin/sh\n", 10);
    cr_expect(eq(str, (char *)open_error(path), "not an ELF file"));
}

Test(elf_file, a_pipe_does_not_keep_it_waiting, .timeout = 300)
{
    char name[] = "/tmp/ffitap-elf-XXXXXX";

    cr_assert(ne(ptr, mkdtemp(name), NULL));
    char *pipe_path = NULL;
    cr_assert(gt(int, asprintf(&pipe_path, "%s/pipe", name), 0));
    cr_assert(eq(int, mkfifo(pipe_path, 0600), 0));
    cr_expect(eq(str, (char *)open_error(pipe_path), "not a file"));
    unlink(pipe_path);
    rmdir(name);
    free(pipe_path);
}

Test(elf_file, it_lives_with_files_that_are_cut_off)
{
    unsigned refused = 0;

    for (size_t size = 0; size < image_size; size += size < 1024 ? 1 : 61) {
        write_image(image, size);
        refused += !ask_everything();
    }
    cr_expect(gt(uint, refused, 60), "those that lack a header at least");
}

/* Random numbers of the test's own, so that a failure can be repeated. */
static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 8;
}

/* Headers and tables lie at the beginning and the end. */
Test(elf_file, it_lives_with_files_that_are_damaged)
{
    unsigned state = 1, understood = 0;
    unsigned char *copy = malloc(image_size);

    for (int round = 0; round < 4000; round++) {
        memcpy(copy, image, image_size);
        for (int i = 0; i < 4; i++) {
            const size_t near = next_random(&state) % 2048;
            const size_t at = next_random(&state) % 2 ? near : image_size - 1 - near;
            copy[at] = next_random(&state) % 3 ? (unsigned char)next_random(&state) : 0xFF;
        }
        write_image(copy, image_size);
        understood += ask_everything();
    }
    free(copy);
    cr_expect(gt(uint, understood, 100), "else nothing but the header was tried");
}

static size_t offset_of_interpreter(void)
{
    static const char name[] = "/lib64/ld-linux";
    const unsigned char *at = memmem(image, image_size, name, strlen(name));

    return at ? (size_t)(at - image) : 0;
}

static void read_program(void)
{
    free(image);
    FILE *file = fopen("/bin/true", "re");
    image = malloc(1 << 20);
    image_size = fread(image, 1, 1 << 20, file);
    fclose(file);
}

Test(elf_file, a_dynamic_linkers_name_without_an_end_is_cut)
{
    struct ffitap_elf_file file;

    read_program();
    const size_t at = offset_of_interpreter();
    cr_assert(gt(sz, at, 0));
    const size_t length = strlen((const char *)image + at);
    image[at + length] = '!';
    write_image(image, image_size);
    cr_assert(eq(ptr, (void *)ffitap_elf_file_open(&file, path), NULL));
    cr_expect(eq(sz, strlen(file.interpreter), length + 1));
    ffitap_elf_file_close(&file);
}

/* Where the section header of that type lies in the image. */
static Elf64_Shdr *section(unsigned type)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;

    for (unsigned i = 0; i < header->e_shnum; i++) {
        Elf64_Shdr *one = (Elf64_Shdr *)(image + header->e_shoff) + i;
        if (one->sh_type == type)
            return one;
    }
    cr_fatal("no such section");
}

Test(elf_file, a_name_that_does_not_end_in_its_table_is_no_name)
{
    const Elf64_Shdr *symbols = section(SHT_DYNSYM);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    const Elf64_Shdr *strings = (const Elf64_Shdr *)(image + header->e_shoff) + symbols->sh_link;

    memset(image + strings->sh_offset, 'x', strings->sh_size);
    write_image(image, image_size);
    cr_expect(ask_everything());
}

Test(elf_file, tables_that_claim_to_be_huge_are_lived_with)
{
    static const unsigned types[] = {SHT_DYNSYM, SHT_RELA, SHT_DYNAMIC, SHT_STRTAB, SHT_PROGBITS};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        Elf64_Shdr *one = section(types[i]);
        const Elf64_Xword before = one->sh_size;
        one->sh_size = UINT64_MAX - 7;
        write_image(image, image_size);
        cr_expect(ask_everything());
        one->sh_size = UINT64_C(1) << 40;
        write_image(image, image_size);
        cr_expect(ask_everything());
        one->sh_size = before;
    }
}

Test(elf_file, without_section_headers_nothing_is_claimed)
{
    Elf64_Ehdr *header = (Elf64_Ehdr *)image;

    header->e_shnum = header->e_shstrndx = 0;
    header->e_shoff = 0;
    write_image(image, image_size);
    cr_expect(strstr(open_error(path), "no section headers") != NULL);
}
