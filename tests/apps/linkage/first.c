/* Comes before libsecond.so in the search order, and asks for the next function of its own name. */
#include <dlfcn.h>

int which(void);

int which(void)
{
    int (*next)(void) = (int (*)(void))dlsym(RTLD_NEXT, "which");

    return next && next != which ? 10 + next() : -1;
}
