/*
 * The dynamic section of a mapped object, read where it lies. Valid while the object is mapped.
 */
#ifndef FFITAP_TAP_BASE_ELF_H
#define FFITAP_TAP_BASE_ELF_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ffitap/export.h>

#define FFITAP__BUILD_ID_MAX 32u /* bytes; a SHA-1 is 20 */

struct ffitap__elf {
    uintptr_t bias; /* what to add to the addresses in the file */
    uintptr_t start, end;
    uintptr_t text_start, text_end; /* the first executable segment */
    uintptr_t relro_start, relro_end;
    const ElfW(Dyn) * dynamic;
    const ElfW(Sym) * symbols;
    const char *strings;
    const ElfW(Half) * versions; /* one per symbol, or NULL */
    const uint32_t *gnu_hash;
    const uint32_t *hash;
    const ElfW(Rela) * jump_relocations; /* of the procedure linkage table */
    size_t jump_relocation_count;
    const ElfW(Rela) * relocations;
    size_t relocation_count;
    const char *soname;                     /* "" if it has none */
    uint8_t build_id[FFITAP__BUILD_ID_MAX]; /* its first bytes, if it is longer */
    size_t build_id_size;                   /* 0 if it has none */
};

/* False if the object has no dynamic section or one without symbols. */
bool ffitap__elf_read(struct ffitap__elf *elf, const struct dl_phdr_info *info);

/* Whether the object that is mapped there now comes from the file that was read, as far as a build
 * id can tell. */
bool ffitap__elf_is_of_same_file(const struct ffitap__elf *elf, const struct dl_phdr_info *info);

/* The exported function that holds `address`: the last one that starts at or below it. NULL if
 * there is none, or if its size is known and it ends before `address`. */
const ElfW(Sym) * ffitap__elf_symbol_at(const struct ffitap__elf *elf, uintptr_t address);

/* What the object exports by that name; NULL if nothing. */
const ElfW(Sym) * ffitap__elf_find(const struct ffitap__elf *elf, const char *name);

/* Whether the object exports what is at `address` by that name. */
bool ffitap__elf_exports(const struct ffitap__elf *elf, const char *name, uintptr_t address);

/* Whether the object exports any function by that name. */
FFITAP__CROSSING bool ffitap__elf_defines(const struct ffitap__elf *elf, const char *name);

#endif
