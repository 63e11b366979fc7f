/* Has the program's other thread load a library. That load waits until this one is over. */
#include <unistd.h>

void start_other(void);

__attribute__((constructor)) static void start(void)
{
    start_other();
    usleep(2000); /* by then that thread waits for the dynamic linker's lock, as a rule */
}
