/*
 * Several times loads a plugin, calls through it and unloads it, with a dlclose() that it has
 * looked up. Such a call goes past whatever replaces the dlclose() that the program is linked with.
 * Every other time the plugin is bound at once. Run with the folder of the plugin.
 */
#include <dlfcn.h>
#include <stdio.h>

#define ROUNDS 5

int (*plugin)(int value);

int main(int argc, char **argv)
{
    int (*unload)(void *) = (int (*)(void *))dlsym(RTLD_DEFAULT, "dlclose");
    char path[4096];
    int sum = 0, gone = 0;
    const void *places[ROUNDS];

    snprintf(path, sizeof(path), "%s/libplugin.so", argc > 1 ? argv[1] : ".");
    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(path, i % 2 ? RTLD_NOW : RTLD_LAZY);

        if (!library)
            return 1;
        places[i] = (const void *)plugin;
        sum += plugin(-1) + plugin(-2);
        unload(library);
        gone += !dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    }
    printf("sum %d, gone %d, at the same place %d\n", sum, gone, places[0] == places[ROUNDS - 1]);
    return 0;
}
