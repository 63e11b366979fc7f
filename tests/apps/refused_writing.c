/* When preloaded, it refuses to make memory of one library writable, as a hardened system may do.
 * The variable REFUSED has a word of the library's path. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_refused(const void *page)
{
    const char *word = getenv("REFUSED");
    Dl_info object;

    return word && dladdr(page, &object) && strstr(object.dli_fname, word);
}

int mprotect(void *page, size_t size, int protection)
{
    if ((protection & PROT_WRITE) && is_refused(page)) {
        errno = EACCES;
        return -1;
    }
    return (int)syscall(SYS_mprotect, page, size, protection);
}
