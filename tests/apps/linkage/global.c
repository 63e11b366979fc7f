/*
 * Loads libffi with RTLD_GLOBAL, then a plugin that calls through it; unloads libffi and then the
 * plugin. libffi must go when its last user does. This is done once with a plugin that is linked
 * with libffi, and once with one that is not. Run with the folder of the plugins.
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
