/* Preloaded, it lets the program that NO_SOCKETS names connect to nobody: LTTng hears nothing of
 * it. */
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
