/*
 * Loads a plugin, calls through it and unloads it, again and again, while other threads load and
 * unload another library. Arguments: the directory of both libraries, and for how many seconds.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int (*plugin)(int value);

static atomic_bool done;
static char path_of_plugin[4096], path_of_other[4096];

static void *reload_other(void *unused)
{
    while (!done) {
        void *other = dlopen(path_of_other, RTLD_LAZY);
        if (other)
            dlclose(other);
    }
    return unused;
}

static int reload_plugin(void)
{
    void *library = dlopen(path_of_plugin, RTLD_LAZY);
    const int sum = library ? plugin(-1) + plugin(-2) : 0;

    if (library)
        dlclose(library);
    return sum;
}

int main(int argc, char **argv)
{
    pthread_t others[2];
    int sum = 3;

    if (argc < 3)
        return 1;
    dlopen("libffi.so.8", RTLD_NOW); /* it stays, where a search for ffi_call does not find it */
    snprintf(path_of_plugin, sizeof(path_of_plugin), "%s/libplugin.so", argv[1]);
    snprintf(path_of_other, sizeof(path_of_other), "%s/sub/libinner.so", argv[1]);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&others[i], NULL, reload_other, NULL) != 0)
            return 1;
    for (const time_t end = time(NULL) + atoi(argv[2]); sum == 3 && time(NULL) < end;)
        sum = reload_plugin();
    done = true;
    for (int i = 0; i < 2; i++)
        pthread_join(others[i], NULL);
    printf("the last sum: %d\n", sum);
    return 0;
}
