/* Holds dlopen in a variable. The constructor puts something else into the variable. */
#include <dlfcn.h>

static void *open_differently(const char *name, int mode)
{
    (void)name;
    (void)mode;
    return RTLD_NEXT;
}

typedef void *opener(const char *, int);
extern opener *variable_open, *variable_plain;
opener *variable_open = dlopen;
opener *variable_plain = dlopen;

__attribute__((constructor)) static void choose(void)
{
    variable_open = open_differently;
}

int variable_is_kept(void);

int variable_is_kept(void)
{
    void *handle = variable_plain("libm.so.6", RTLD_NOW);

    return handle && variable_open("libm.so.6", RTLD_NOW) == RTLD_NEXT;
}
