#include "program/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>

#include "arch/arch.h"

/* Called for sections one after another; returns true if no other one is wanted. */
typedef bool section_visitor(const struct ffitap_elf_file *file, Elf_Scn *section,
                             const GElf_Shdr *header, void *wanted);

static bool find_section(const struct ffitap_elf_file *file, section_visitor *visit, void *wanted)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while ((section = elf_nextscn(file->elf, section)))
        if (gelf_getshdr(section, &header) && visit(file, section, &header, wanted))
            return true;
    return false;
}

/* How many entries of `type` the section's data hold; its header may claim any number. */
static size_t entry_count(const struct ffitap_elf_file *file, const Elf_Data *data, Elf_Type type)
{
    const size_t size = gelf_fsize(file->elf, type, 1, EV_CURRENT);

    return data && data->d_buf && size ? data->d_size / size : 0;
}

/* libelf gives a string only if it ends within its table. */
static bool is_named(const struct ffitap_elf_file *file, size_t strings, size_t offset,
                     const char *name)
{
    const char *text = elf_strptr(file->elf, strings, offset);

    return text && strcmp(text, name) == 0;
}

static bool is_symbol_named(const struct ffitap_elf_file *file, Elf_Scn *symbols, size_t index,
                            const char *name)
{
    GElf_Shdr header;
    GElf_Sym symbol;

    return symbols && gelf_getshdr(symbols, &header) && header.sh_type == SHT_DYNSYM &&
           gelf_getsym(elf_getdata(symbols, NULL), (int)index, &symbol) &&
           is_named(file, header.sh_link, symbol.st_name, name);
}

static bool has_slot(const struct ffitap_elf_file *file, Elf_Scn *section, const GElf_Shdr *header,
                     void *wanted)
{
    if (header->sh_type != SHT_RELA)
        return false;
    Elf_Data *data = elf_getdata(section, NULL);
    Elf_Scn *symbols = elf_getscn(file->elf, header->sh_link);
    const size_t count = entry_count(file, data, ELF_T_RELA);

    for (size_t i = 0; i < count; i++) {
        GElf_Rela relocation;
        if (gelf_getrela(data, (int)i, &relocation) && ffitap__slot_rule(&relocation) &&
            is_symbol_named(file, symbols, GELF_R_SYM(relocation.r_info), wanted))
            return true;
    }
    return false;
}

bool ffitap_elf_file_has_slot(const struct ffitap_elf_file *file, const char *name)
{
    return find_section(file, has_slot, (void *)name);
}

static bool defines(const struct ffitap_elf_file *file, Elf_Scn *section, const GElf_Shdr *header,
                    void *wanted)
{
    if (header->sh_type != SHT_DYNSYM && header->sh_type != SHT_SYMTAB)
        return false;
    Elf_Data *data = elf_getdata(section, NULL);
    const size_t count = entry_count(file, data, ELF_T_SYM);

    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) && symbol.st_shndx != SHN_UNDEF &&
            GELF_ST_TYPE(symbol.st_info) == STT_FUNC &&
            is_named(file, header->sh_link, symbol.st_name, wanted))
            return true;
    }
    return false;
}

bool ffitap_elf_file_defines(const struct ffitap_elf_file *file, const char *name)
{
    return find_section(file, defines, (void *)name);
}

static bool holds_string(const struct ffitap_elf_file *file, Elf_Scn *section,
                         const GElf_Shdr *header, void *wanted)
{
    (void)file;
    if (header->sh_type != SHT_PROGBITS || !(header->sh_flags & SHF_ALLOC) ||
        (header->sh_flags & (SHF_WRITE | SHF_EXECINSTR)))
        return false;
    const Elf_Data *data = elf_rawdata(section, NULL);

    return data && data->d_buf && memmem(data->d_buf, data->d_size, wanted, strlen(wanted) + 1);
}

bool ffitap_elf_file_holds_string(const struct ffitap_elf_file *file, const char *string)
{
    return find_section(file, holds_string, (void *)string);
}

struct wanted_section {
    const char *name;
    void *bytes;
    size_t size;
};

static bool read_section(const struct ffitap_elf_file *file, Elf_Scn *section,
                         const GElf_Shdr *header, void *data)
{
    const struct wanted_section *wanted = data;
    size_t names;

    if (header->sh_type != SHT_PROGBITS || elf_getshdrstrndx(file->elf, &names) != 0 ||
        !is_named(file, names, header->sh_name, wanted->name))
        return false;
    const Elf_Data *found = elf_rawdata(section, NULL);
    if (!found || !found->d_buf || found->d_size != wanted->size)
        return false;
    memcpy(wanted->bytes, found->d_buf, wanted->size);
    return true;
}

bool ffitap_elf_file_read_section(const struct ffitap_elf_file *file, const char *name, void *bytes,
                                  size_t size)
{
    struct wanted_section wanted = {.name = name, .bytes = bytes, .size = size};

    return find_section(file, read_section, &wanted);
}

static bool take_soname(const struct ffitap_elf_file *file, Elf_Scn *section,
                        const GElf_Shdr *header, void *wanted)
{
    if (header->sh_type != SHT_DYNAMIC)
        return false;
    const char **soname = wanted;
    Elf_Data *data = elf_getdata(section, NULL);
    const size_t count = entry_count(file, data, ELF_T_DYN);

    for (size_t i = 0; i < count; i++) {
        GElf_Dyn entry;
        if (gelf_getdyn(data, (int)i, &entry) && entry.d_tag == DT_SONAME)
            *soname = elf_strptr(file->elf, header->sh_link, entry.d_un.d_val);
    }
    return true;
}

/* A copy of the path in the file, which may lack its end. NULL if there is none. */
static char *read_interpreter(const struct ffitap_elf_file *file, const GElf_Phdr *header)
{
    const Elf_Data *data =
        elf_getdata_rawchunk(file->elf, (int64_t)header->p_offset, header->p_filesz, ELF_T_BYTE);

    return data && data->d_buf ? strndup(data->d_buf, data->d_size) : NULL;
}

static const char *read_segments(struct ffitap_elf_file *file)
{
    size_t count = 0;

    if (elf_getphdrnum(file->elf, &count) != 0)
        return "its program headers are damaged";
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(file->elf, (int)i, &header))
            return "its program headers are damaged";
        if (header.p_type == PT_INTERP && !file->interpreter) {
            file->interpreter = read_interpreter(file, &header);
            if (!file->interpreter)
                return "the name of its dynamic linker is cut off";
        }
        file->is_dynamic |= header.p_type == PT_DYNAMIC;
    }
    return NULL;
}

static const char *read_sections(struct ffitap_elf_file *file)
{
    size_t count = 0;
    const char *soname = NULL;

    if (elf_getshdrnum(file->elf, &count) != 0)
        return "its section headers are damaged";
    if (count == 0 && file->is_dynamic)
        return "it has no section headers, by which to find what it imports";
    find_section(file, take_soname, &soname);
    file->soname = strdup(soname ? soname : "");
    return file->soname ? NULL : strerror(ENOMEM);
}

static const char *read_headers(struct ffitap_elf_file *file)
{
    GElf_Ehdr header;

    if (elf_kind(file->elf) != ELF_K_ELF)
        return "not an ELF file";
    if (!gelf_getehdr(file->elf, &header))
        return "its ELF header is damaged";
    file->is_native = header.e_machine == FFITAP__MACHINE && header.e_ident[EI_CLASS] == ELFCLASS64;
    const char *why = read_segments(file);
    return why ? why : read_sections(file);
}

/* Opens a regular file. If it is a pipe, this does not wait for somebody to write to it. */
static const char *open_regular(struct ffitap_elf_file *file, const char *path)
{
    struct stat status;

    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0 || fstat(file->descriptor, &status) != 0)
        return strerror(errno);
    return S_ISREG(status.st_mode) ? NULL : "not a file";
}

const char *ffitap_elf_file_open(struct ffitap_elf_file *file, const char *path)
{
    *file = (struct ffitap_elf_file){.descriptor = -1};
    const char *why = open_regular(file, path);

    if (!why && elf_version(EV_CURRENT) == EV_NONE)
        why = "libelf is too old for it";
    if (!why) {
        /* The file is read and not mapped: a mapped file that shrinks would end this process. */
        file->elf = elf_begin(file->descriptor, ELF_C_READ, NULL);
        why = file->elf ? read_headers(file) : elf_errmsg(-1);
    }
    if (why)
        ffitap_elf_file_close(file);
    return why;
}

void ffitap_elf_file_close(struct ffitap_elf_file *file)
{
    elf_end(file->elf);
    if (file->descriptor >= 0)
        close(file->descriptor);
    free(file->interpreter);
    free(file->soname);
    *file = (struct ffitap_elf_file){.descriptor = -1};
}
