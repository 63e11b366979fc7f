/*
 * Before its own load is over, this library loads another one, which is found by this library's
 * RUNPATH only, and has a thread of the program make a foreign call.
 */
#include <dlfcn.h>
#include <stddef.h>

static int found, called;

int constructor_found(void);
int constructor_called(void);

__attribute__((constructor)) static void load(void)
{
    void *other = dlopen("libonly_here.so", RTLD_NOW);
    int (*answer)(void) = other ? (int (*)(void))dlsym(other, "inner_answer") : NULL;

    found = answer ? answer() : -1;

    int (*call)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "call_in_thread");

    called = call ? call() : -1;
}

int constructor_found(void)
{
    return found;
}

int constructor_called(void)
{
    return called;
}
