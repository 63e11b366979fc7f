/* For arch.h, which says what these are. */
#ifndef FFITAP_ARCH_X86_64_MACHINE_H
#define FFITAP_ARCH_X86_64_MACHINE_H

#define FFITAP__PAGE         4096
#define FFITAP__MACHINE      EM_X86_64
#define FFITAP__MACHINE_NAME "x86-64"
#define FFITAP__LINKER       "/lib64/ld-linux-x86-64.so.2"

/* FFI_WIN64 with the long double that compilers here have: 16 bytes. */
#define FFITAP__MICROSOFT_ABI FFI_GNUW64

#endif
