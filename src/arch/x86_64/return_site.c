#include "arch/arch.h"

#include <string.h>

#define RET 0xC3

/* How far to look for a better return site: every page of code that is read may have to be loaded
 * first. */
#define LOOK_AT ((size_t)256 * 1024)

/*
 * Any byte with the value of `ret` will do. One that ends `xor %eax,%eax; ret` is better, because
 * it is likely to end a function that keeps nothing on the stack: an unwinder finds its way through
 * such a function.
 */
uintptr_t ffitap__return_site_find(const void *text, size_t size)
{
    static const unsigned char leaf_end[] = {0x31, 0xC0, RET};

    if (!size)
        return 0;
    const unsigned char *leaf =
        memmem(text, size < LOOK_AT ? size : LOOK_AT, leaf_end, sizeof(leaf_end));
    if (leaf)
        return (uintptr_t)leaf + sizeof(leaf_end) - 1;
    return (uintptr_t)memchr(text, RET, size);
}
