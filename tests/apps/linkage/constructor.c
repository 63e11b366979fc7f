/* Loads another library, which only its own RUNPATH finds, before its own load is over. */
#include <dlfcn.h>
#include <stddef.h>

static int found;

int constructor_found(void);

__attribute__((constructor)) static void load(void)
{
    void *other = dlopen("libonly_here.so", RTLD_NOW);
    int (*answer)(void) = other ? (int (*)(void))dlsym(other, "inner_answer") : NULL;

    found = answer ? answer() : -1;
}

int constructor_found(void)
{
    return found;
}
