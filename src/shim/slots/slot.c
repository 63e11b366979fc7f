#include "shim/slots/slot.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/arch.h"

static void visit_table(const struct ffitap__elf *elf, const ElfW(Rela) * table, size_t count,
                        ffitap__slot_visitor *visit, void *data)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t index = ELF64_R_SYM(table[i].r_info);

        if (!index || !ffitap__slot_rule(&table[i]))
            continue;
        const struct ffitap__slot slot = {
            .place = (void **)(elf->bias + table[i].r_offset),
            .symbol = &elf->symbols[index],
            .name = elf->strings + elf->symbols[index].st_name,
            .is_variable = ffitap__slot_rule_is_variable(&table[i]),
        };
        visit(&slot, data);
    }
}

void ffitap__slot_each(const struct ffitap__elf *elf, ffitap__slot_visitor *visit, void *data)
{
    if (elf->jump_relocations)
        visit_table(elf, elf->jump_relocations, elf->jump_relocation_count, visit, data);
    if (elf->relocations)
        visit_table(elf, elf->relocations, elf->relocation_count, visit, data);
}

void *ffitap__slot_target(const struct ffitap__elf *elf, const struct ffitap__slot *slot)
{
    const uintptr_t target = (uintptr_t)__atomic_load_n(slot->place, __ATOMIC_RELAXED);
    const bool inside = target >= elf->start && target < elf->end;
    const bool own =
        slot->symbol->st_shndx != SHN_UNDEF && target == elf->bias + slot->symbol->st_value;

    return inside && !own ? NULL : (void *)target;
}

/* Whether a slot lies in memory that the dynamic linker has made read-only, as slots that are bound
 * early do: from relro_start to the end of the last page that lies before relro_end. */
static bool is_read_only(const struct ffitap__elf *elf, uintptr_t place, uintptr_t page_size)
{
    return place >= elf->relro_start && place < (elf->relro_end & ~(page_size - 1));
}

bool ffitap__slot_rewrite(const struct ffitap__elf *elf, const struct ffitap__slot *slot,
                          void *target)
{
    const uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t place = (uintptr_t)slot->place;
    void *page = (void *)(place & ~(page_size - 1));
    const bool read_only = is_read_only(elf, place, page_size);

    if (read_only && mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0)
        return false;
    __atomic_store_n(slot->place, target, __ATOMIC_RELAXED);
    if (read_only)
        mprotect(page, page_size, PROT_READ);
    return true;
}
