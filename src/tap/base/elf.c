#include "tap/base/elf.h"

#include <string.h>

#define NOTE_ALIGN(size) (((size) + 3) & ~(size_t)3)

/* The loader turns these addresses into absolute ones in place, but not in every object. */
static const void *dynamic_pointer(const struct ffitap__elf *elf, ElfW(Addr) value)
{
    return (const void *)(value < elf->bias ? elf->bias + value : value);
}

static void read_build_id(struct ffitap__elf *elf, const ElfW(Phdr) * segment)
{
    const char *note = (const char *)(elf->bias + segment->p_vaddr);
    const char *end = note + segment->p_memsz;

    while (note + sizeof(ElfW(Nhdr)) <= end) {
        const ElfW(Nhdr) *header = (const void *)note;
        const char *name = note + sizeof(*header);
        const char *content = name + NOTE_ALIGN(header->n_namesz);

        if (content + header->n_descsz > end)
            return;
        if (header->n_type == NT_GNU_BUILD_ID && header->n_namesz == sizeof("GNU") &&
            memcmp(name, "GNU", sizeof("GNU")) == 0) {
            elf->build_id_size =
                header->n_descsz < FFITAP__BUILD_ID_MAX ? header->n_descsz : FFITAP__BUILD_ID_MAX;
            memcpy(elf->build_id, content, elf->build_id_size);
            return;
        }
        note = content + NOTE_ALIGN(header->n_descsz);
    }
}

static void read_segments(struct ffitap__elf *elf, const struct dl_phdr_info *info)
{
    elf->start = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const uintptr_t start = elf->bias + segment->p_vaddr;
        const uintptr_t end = start + segment->p_memsz;

        switch (segment->p_type) {
        case PT_LOAD:
            if (start < elf->start)
                elf->start = start;
            if (end > elf->end)
                elf->end = end;
            if ((segment->p_flags & PF_X) && (segment->p_flags & PF_R) && !elf->text_end) {
                elf->text_start = start;
                elf->text_end = elf->bias + segment->p_vaddr + segment->p_filesz;
            }
            break;
        case PT_DYNAMIC:
            elf->dynamic = (const void *)start;
            break;
        case PT_GNU_RELRO:
            elf->relro_start = start;
            elf->relro_end = end;
            break;
        case PT_NOTE:
            if (!elf->build_id_size)
                read_build_id(elf, segment);
            break;
        }
    }
}

bool ffitap__elf_read(struct ffitap__elf *elf, const struct dl_phdr_info *info)
{
    size_t soname = 0;

    *elf = (struct ffitap__elf){.bias = info->dlpi_addr, .soname = ""};
    read_segments(elf, info);
    if (!elf->dynamic)
        return false;

    for (const ElfW(Dyn) *entry = elf->dynamic; entry->d_tag != DT_NULL; entry++) {
        const void *pointer = dynamic_pointer(elf, entry->d_un.d_ptr);

        switch (entry->d_tag) {
        case DT_SYMTAB:
            elf->symbols = pointer;
            break;
        case DT_STRTAB:
            elf->strings = pointer;
            break;
        case DT_VERSYM:
            elf->versions = pointer;
            break;
        case DT_GNU_HASH:
            elf->gnu_hash = pointer;
            break;
        case DT_HASH:
            elf->hash = pointer;
            break;
        case DT_JMPREL:
            elf->jump_relocations = pointer;
            break;
        case DT_PLTRELSZ:
            elf->jump_relocation_count = entry->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_RELA:
            elf->relocations = pointer;
            break;
        case DT_RELASZ:
            elf->relocation_count = entry->d_un.d_val / sizeof(ElfW(Rela));
            break;
        case DT_SONAME:
            soname = entry->d_un.d_val;
            break;
        }
    }
    if (!elf->symbols || !elf->strings)
        return false;
    if (soname)
        elf->soname = elf->strings + soname;
    return true;
}

bool ffitap__elf_is_of_same_file(const struct ffitap__elf *elf, const struct dl_phdr_info *info)
{
    struct ffitap__elf now = {.bias = info->dlpi_addr};

    read_segments(&now, info);
    return now.bias == elf->bias && now.start == elf->start && now.end == elf->end &&
           now.dynamic == elf->dynamic && now.build_id_size == elf->build_id_size &&
           memcmp(now.build_id, elf->build_id, now.build_id_size) == 0;
}

/* The section that holds the symbols has no count: the hash tables tell where they end. */
static uint32_t symbol_count(const struct ffitap__elf *elf)
{
    if (elf->hash)
        return elf->hash[1];
    if (!elf->gnu_hash)
        return 0;

    const uint32_t bucket_count = elf->gnu_hash[0];
    const uint32_t first = elf->gnu_hash[1];
    const uint32_t bloom_words = elf->gnu_hash[2];
    const uint32_t *buckets =
        elf->gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *chains = buckets + bucket_count;
    uint32_t last = 0;

    for (uint32_t i = 0; i < bucket_count; i++)
        if (buckets[i] > last)
            last = buckets[i];
    if (last < first)
        return first;
    while (!(chains[last - first] & 1))
        last++;
    return last + 1;
}

static bool is_exported_function(const ElfW(Sym) * symbol)
{
    const unsigned type = ELF64_ST_TYPE(symbol->st_info);

    return symbol->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_GNU_IFUNC);
}

const ElfW(Sym) * ffitap__elf_symbol_at(const struct ffitap__elf *elf, uintptr_t address)
{
    const ElfW(Sym) *best = NULL;
    const uintptr_t offset = address - elf->bias;

    for (uint32_t i = 1, count = symbol_count(elf); i < count; i++) {
        const ElfW(Sym) *symbol = &elf->symbols[i];

        if (is_exported_function(symbol) && symbol->st_value <= offset &&
            (!best || symbol->st_value > best->st_value))
            best = symbol;
    }
    if (best && best->st_size && offset >= best->st_value + best->st_size)
        return NULL;
    return best;
}

/* The symbol that the object exports by that name. If `is_function`, it has to be a function; if
 * `address` is not 0, it has to lie there. */
static const ElfW(Sym) * find_by_name(const struct ffitap__elf *elf, const char *name,
                                      bool is_function, uintptr_t address)
{
    for (uint32_t i = 1, count = symbol_count(elf); i < count; i++) {
        const ElfW(Sym) *symbol = &elf->symbols[i];

        if ((is_function ? is_exported_function(symbol) : symbol->st_shndx != SHN_UNDEF) &&
            (!address || elf->bias + symbol->st_value == address) &&
            strcmp(elf->strings + symbol->st_name, name) == 0)
            return symbol;
    }
    return NULL;
}

const ElfW(Sym) * ffitap__elf_find(const struct ffitap__elf *elf, const char *name)
{
    return find_by_name(elf, name, false, 0);
}

bool ffitap__elf_exports(const struct ffitap__elf *elf, const char *name, uintptr_t address)
{
    return find_by_name(elf, name, true, address);
}

bool ffitap__elf_defines(const struct ffitap__elf *elf, const char *name)
{
    return find_by_name(elf, name, true, 0);
}
