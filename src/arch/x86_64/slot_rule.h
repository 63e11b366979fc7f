/* For arch.h, which says what these are. */
#ifndef FFITAP_ARCH_X86_64_SLOT_RULE_H
#define FFITAP_ARCH_X86_64_SLOT_RULE_H

#include <elf.h>
#include <stdbool.h>

static inline bool ffitap__slot_rule(const Elf64_Rela *relocation)
{
    switch (ELF64_R_TYPE(relocation->r_info)) {
    case R_X86_64_JUMP_SLOT:
    case R_X86_64_GLOB_DAT:
        return true;
    case R_X86_64_64:
        return relocation->r_addend == 0;
    default:
        return false;
    }
}

static inline bool ffitap__slot_rule_is_variable(const Elf64_Rela *relocation)
{
    return ELF64_R_TYPE(relocation->r_info) == R_X86_64_64;
}

#endif
