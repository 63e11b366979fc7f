/* The tests find slots in two libraries of this file: one is bound at its first call, the other at
 * load time. */
#include <unistd.h>

int ask(void);

int ask(void)
{
    return (int)getppid();
}
