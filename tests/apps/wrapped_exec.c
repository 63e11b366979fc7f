/* When preloaded, it puts functions of its own before the C library's, as libraries do that change
 * what programs see of the world. */
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

/* Returns only when the child has ended, as may also happen by chance. */
int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[])
{
    const int result = posix_spawnp(child, path, actions, attributes, arguments, environment);
    siginfo_t information;

    if (result == 0)
        waitid(P_PID, (id_t)*child, &information, WEXITED | WNOWAIT);
    return result;
}
