#include "arch/arch.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static Elf64_Rela relocation(unsigned type, Elf64_Sxword addend)
{
    return (Elf64_Rela){.r_info = ELF64_R_INFO(1, type), .r_addend = addend};
}

Test(slot_rule, takes_what_the_linker_fills_with_an_address)
{
    const Elf64_Rela call = relocation(R_X86_64_JUMP_SLOT, 0);
    const Elf64_Rela address = relocation(R_X86_64_GLOB_DAT, 0);

    cr_assert(ffitap__slot_rule(&call) && !ffitap__slot_rule_is_variable(&call));
    cr_assert(ffitap__slot_rule(&address) && !ffitap__slot_rule_is_variable(&address));
}

Test(slot_rule, tells_the_programs_own_variables_apart)
{
    const Elf64_Rela variable = relocation(R_X86_64_64, 0);

    cr_assert(ffitap__slot_rule(&variable) && ffitap__slot_rule_is_variable(&variable));
}

Test(slot_rule, leaves_what_something_is_added_to)
{
    const Elf64_Rela inside = relocation(R_X86_64_64, 8);
    const Elf64_Rela relative = relocation(R_X86_64_RELATIVE, 8);

    cr_assert(eq(int, ffitap__slot_rule(&inside), false));
    cr_assert(eq(int, ffitap__slot_rule(&relative), false));
}
