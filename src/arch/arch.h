/*
 * All that knows the processor. A port is a folder beside x86_64, named as CMake names the
 * processor, with files of the same names; arch.cmake lists them. What each file must give is
 * declared here: the compiler refuses a port that lacks a function or a constant.
 */
#ifndef FFITAP_ARCH_ARCH_H
#define FFITAP_ARCH_ARCH_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * add.h: how to change a word that only this thread writes, on the way of every call. Each change
 * is one instruction, or looks like one to the signal handlers of this thread: a handler that
 * changes the same word does so before it or after it, and no change is lost. Other threads may
 * read meanwhile, and find the old value or the new one.
 */

/* Adds `value` to `*sum`. */
static inline void ffitap__add(uint64_t *sum, uint64_t value);

/* Adds one. */
static inline void ffitap__increment(uint32_t *count);

/* Adds one, and returns what the count was before. */
static inline uint32_t ffitap__take_next(uint32_t *count);

/* Sets `*flag`, which is 1 or 0, to 0, and returns whether it was 1. If a signal handler does the
 * same in between, only one of the two is told that it was. */
static inline bool ffitap__take(uint32_t *flag);

/* Changes `*place` from `former` to `value`. Returns false, and changes nothing, if another value
 * stands there by now. */
static inline bool ffitap__replace(uintptr_t *place, uintptr_t former, uintptr_t value);

/*
 * ticks.h: a counter of the processor that is cheap to read and goes on at one rate, so that the
 * kernel may keep the time with it (src/tap/base/clock.h). FFITAP__TICKS_SOURCE is the kernel's
 * name for the counter in current_clocksource.
 */

/* Reads the counter without a system call. A thread never reads less than it has read before. */
static inline uint64_t ffitap__ticks_read(void);

/* Whether the processor says that the rate stays, whatever speed and sleep the processor is in. */
static inline bool ffitap__ticks_are_steady(void);

/* slot_rule.h: which relocations the shim takes for slots. A slot is where the relocation stores
 * the address of a named function or variable, with nothing added to the address. */
static inline bool ffitap__slot_rule(const Elf64_Rela *relocation);

/* Whether such a relocation fills the program's own data, and not a table that the linker made. */
static inline bool ffitap__slot_rule_is_variable(const Elf64_Rela *relocation);

/*
 * return_site.c and impersonate.S: how to call the dynamic linker in another object's name.
 *
 * The GNU C library takes much from the return address of dlopen(3) and dlsym(3): whose RUNPATH and
 * $ORIGIN to search, which namespace to load into, what RTLD_NEXT is next to. A wrapper that calls
 * the real function becomes the caller, and programs stop finding their libraries. So the real
 * function is given a return address inside the object that really called: that of a return
 * instruction there, which brings control back to us.
 */

/* A return instruction in the code at `text`; 0 if none is found. */
uintptr_t ffitap__return_site_find(const void *text, size_t size);

/* Calls `function` with up to three arguments, and returns what it returns. `function` returns to
 * `site`, which must be a return instruction, and that instruction returns here. */
void *ffitap__impersonate(uintptr_t site, void *function, void *first, uintptr_t second,
                          uintptr_t third);

/*
 * machine.h: constants.
 *
 * FFITAP__PAGE           the size of the largest page that kernels for this processor use: what
 *                        must be alone on a page has so many bytes, and begins at a multiple
 * FFITAP__MACHINE        its number in ELF files, e_machine, and
 * FFITAP__MACHINE_NAME   its name as people know it
 * FFITAP__LINKER         the path of the GNU C library's dynamic linker
 * FFITAP__MICROSOFT_ABI  libffi's name of Microsoft's calling convention; not defined where libffi
 *                        has none
 */

/* The folder is among those for includes: see arch.cmake. */
#include "add.h"
#include "machine.h"
#include "slot_rule.h"
#include "ticks.h"

#if !defined(FFITAP__PAGE) || !defined(FFITAP__MACHINE) || !defined(FFITAP__MACHINE_NAME) ||       \
    !defined(FFITAP__LINKER) || !defined(FFITAP__TICKS_SOURCE)
#error "a constant is missing that this processor's folder must define"
#endif

#endif
