/* Two of these, one bound at its first call and one at load time: where slots are to be found. */
#include <unistd.h>

int ask(void);

int ask(void)
{
    return (int)getppid();
}
