/* Which relocations the shim takes for slots: the shim itself, and who tells what it would see. */
#ifndef FFITAP_SHIM_SLOT_RULE_H
#define FFITAP_SHIM_SLOT_RULE_H

#include <elf.h>
#include <stdbool.h>

/* Whether it puts the address of a named function or variable there, and nothing is added to it. */
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

#endif
