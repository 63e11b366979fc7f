/* Preloaded, it puts functions of its own before the C library's, as libraries do that change what
 * programs see of the world. */
#include <spawn.h>
#include <unistd.h>

int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[])
{
    return posix_spawnp(child, path, actions, attributes, arguments, environment);
}
