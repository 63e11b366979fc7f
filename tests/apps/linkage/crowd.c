/* Two threads load and unload at the same time, one of them a library that takes long to load. Each
 * thread finds the other's work half done. Run with the folder of the libraries. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define ROUNDS 40

static const char *folder;
static _Atomic int done;

static void *open_in_folder(const char *file)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return dlopen(path, RTLD_LAZY);
}

static void *load_quickly(void *unused)
{
    while (!atomic_load(&done)) {
        void *handle = open_in_folder("libsecond_alone.so");

        if (handle)
            dlclose(handle);
    }
    return unused;
}

static int load_slowly(void)
{
    void *handle = open_in_folder("libslow.so");

    if (!handle)
        return 0;
    int (*lookup)(void) = (int (*)(void))dlsym(handle, "slow_lookup");
    const int found = lookup && lookup();
    dlclose(handle);
    return found;
}

int main(int argc, char **argv)
{
    pthread_t quick;
    int found = 0;

    folder = argc > 1 ? argv[1] : ".";
    pthread_create(&quick, NULL, load_quickly, NULL);
    for (int i = 0; i < ROUNDS; i++)
        found += load_slowly();
    atomic_store(&done, 1);
    pthread_join(quick, NULL);
    printf("found: %d\n", found);
    return 0;
}
