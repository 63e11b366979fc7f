/*
 * Loads a library that only its own RUNPATH or RPATH finds, and looks up a symbol that only its own
 * scope holds: what the dynamic linker answers depends on who asks.
 */
#include <dlfcn.h>
#include <stddef.h>

int outer_load(void);
int outer_default(void);
const char *outer_origin(void);

int outer_load(void)
{
    void *inner = dlopen("libinner.so", RTLD_NOW);

    if (!inner)
        return -1;
    int (*answer)(void) = (int (*)(void))dlsym(inner, "inner_answer");
    const int result = answer ? answer() : -2;

    dlclose(inner); /* the next caller must search again */
    return result;
}

/* libbeside.so is a dependency of this library, loaded with RTLD_LOCAL: not in the global scope. */
int outer_default(void)
{
    int (*beside)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "beside_answer");

    return beside ? beside() : -1;
}

const char *outer_origin(void)
{
    void *inner = dlopen("$ORIGIN/sub/libinner.so", RTLD_NOW);

    if (!inner)
        return dlerror();
    dlclose(inner);
    return "found";
}
