/* Loads a user of CPython that is bound lazily, and CPython only after it. Run with the folder of
 * the libraries. */
#include <dlfcn.h>
#include <stdio.h>

static void *load(const char *folder, const char *file, int mode)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return dlopen(path, mode);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    void *user = load(folder, "libstub_user_unlinked.so", RTLD_LAZY);
    void *python = load(folder, "libstub.so", RTLD_NOW | RTLD_GLOBAL);
    int (*make_calls)(int, int, int) = user ? (int (*)(int, int, int))dlsym(user, "make_calls") : 0;

    if (python && make_calls)
        printf("calls: %d\n", make_calls(10, 20, 0));
    return 0;
}
