/* When preloaded, it keeps the program that NO_SOCKETS names from connecting to anything, so that
 * LTTng hears nothing of the program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int connect(int socket, const struct sockaddr *address, socklen_t size)
{
    const char *name = getenv("NO_SOCKETS");

    if (name && strcmp(name, program_invocation_short_name) == 0) {
        errno = ECONNREFUSED;
        return -1;
    }
    return (int)syscall(SYS_connect, socket, address, size);
}
