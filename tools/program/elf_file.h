/*
 * An ELF file on the disk, of a program or a library that need not be loaded: what the shim would
 * find in it. The file is somebody else's and may be damaged; nothing of it is believed unchecked.
 */
#ifndef FFITAP_TOOLS_PROGRAM_ELF_FILE_H
#define FFITAP_TOOLS_PROGRAM_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <libelf.h>

struct ffitap_elf_file {
    int descriptor;
    Elf *elf;
    bool is_native;    /* for the kind of processor that ffitap is built for */
    bool is_dynamic;   /* it has a dynamic section: the dynamic linker knows it */
    char *interpreter; /* the dynamic linker that it asks for, or NULL */
    char *soname;      /* "" if it has none */
};

/* Opens the file; close it with ffitap_elf_file_close(). Returns NULL or, if it cannot be read,
 * why: words that can stand behind the file's name. */
const char *ffitap_elf_file_open(struct ffitap_elf_file *file, const char *path);

void ffitap_elf_file_close(struct ffitap_elf_file *file);

/*
 * Whether the file calls the function `name` through a relocation slot, without which the shim
 * cannot hook the calls.
 */
bool ffitap_elf_file_has_slot(const struct ffitap_elf_file *file, const char *name);

/* Whether the function is in the file itself: exported or, if the file is not stripped, not
 * exported. */
bool ffitap_elf_file_defines(const struct ffitap_elf_file *file, const char *name);

/* Whether the read-only data of the file hold the string, with the byte 0 that ends it. */
bool ffitap_elf_file_holds_string(const struct ffitap_elf_file *file, const char *string);

/* Copies the section `name` to `bytes`. False if there is none, or none of exactly `size` bytes. */
bool ffitap_elf_file_read_section(const struct ffitap_elf_file *file, const char *name, void *bytes,
                                  size_t size);

#endif
