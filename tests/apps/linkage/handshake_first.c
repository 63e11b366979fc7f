/* Has the program's other thread load something, which waits until this load is over. */
#include <unistd.h>

void start_other(void);

__attribute__((constructor)) static void start(void)
{
    start_other();
    usleep(2000); /* by then it mostly waits for the dynamic linker's lock */
}
