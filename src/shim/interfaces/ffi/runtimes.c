#include "shim/interfaces/ffi/runtimes.h"

#include <stddef.h>
#include <string.h>

static const struct ffitap__known_runtime known[] = {
    {.file = "_ctypes.", .name = "ctypes", .exchanges_errno = true},
    {.file = "_cffi_backend.", .name = "cffi", .exchanges_errno = true, .reads_data = true},
    {.file = "_gi.", .name = "pygobject"},
    {.file = "fiddle.", .name = "fiddle"},
    {.file = "ffi.", .name = "php"},
    {.file = "php", .name = "php"}, /* with the extension built in */
    {.file = "libphp", .name = "php"},
    {.file = "libguile-", .name = "guile"},
    {.file = "Platypus.", .name = "platypus"},
};

struct ffitap__known_runtime ffitap__runtimes_find(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(file, known[i].file, strlen(known[i].file)) == 0)
            return known[i];
    return (struct ffitap__known_runtime){.file = file, .name = file};
}
