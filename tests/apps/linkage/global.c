/*
 * Loads libffi for everybody, then a plugin that calls through it, and unloads first the one and
 * then the other: libffi goes with who used it last. Once with a plugin that is linked with it and
 * once with one that is not. Run with the folder of the plugins.
 */
#include <dlfcn.h>
#include <stdio.h>

int (*plugin)(int value);

static int is_there(void)
{
    void *libffi = dlopen("libffi.so.8", RTLD_LAZY | RTLD_NOLOAD);

    return libffi && dlclose(libffi) == 0;
}

static int use(const char *folder, const char *name)
{
    char path[4096];
    void *libffi = dlopen("libffi.so.8", RTLD_LAZY | RTLD_GLOBAL);

    snprintf(path, sizeof(path), "%s/lib%s.so", folder, name);
    void *library = dlopen(path, RTLD_LAZY);
    if (!libffi || !library)
        return 0;
    const int sum = plugin(-1) + plugin(-2);
    dlclose(libffi);
    const int stays = is_there();
    const int other_sum = stays ? plugin(-3) + plugin(-4) : 0;
    dlclose(library);
    printf("%s: %d, stays %d, %d, goes %d\n", name, sum, stays, other_sum, !is_there());
    return 1;
}

int main(int argc, char **argv)
{
    return !use(argv[argc - 1], "plugin") || !use(argv[argc - 1], "plugin_unlinked");
}
