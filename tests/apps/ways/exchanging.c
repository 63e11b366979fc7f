/* Gives up the interpreter lock for five calls and exchanges errno around three, as ctypes does. */
#include <errno.h>
#include <stdio.h>

#include "../calls/border.h"

int refuse(int error);

int refuse(int error)
{
    errno = error;
    return -1;
}

int main(void)
{
    int sum = 0;

    for (int i = 0; i < 3; i++)
        sum += border_call_swapped(refuse, EBADF);
    for (int i = 0; i < 2; i++)
        sum += border_call_unlocked(refuse, ENOENT);
    printf("%d\n", sum);
    return 0;
}
