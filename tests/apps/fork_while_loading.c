/*
 * Forks while another thread is in the middle of a load. The library that is loaded is mapped
 * already; the library that it needs is a FIFO, which cannot be opened yet. The arguments are these
 * two files. The child makes a foreign call, and its exit status becomes the program's.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <ffi.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *load(void *library)
{
    return dlopen(library, RTLD_NOW);
}

static bool is_mapped(const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    bool found = false;

    while (maps && !found && fgets(line, sizeof(line), maps))
        found = strstr(line, name);
    if (maps)
        fclose(maps);
    return found;
}

static void call(void)
{
    ffi_cif cif;
    ffi_arg result = 0;
    int number = -3;
    ffi_type *an_int[] = {&ffi_type_sint};

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, an_int) != FFI_OK)
        _exit(1);
    ffi_call(&cif, FFI_FN(abs), &result, (void *[]){&number});
    _exit(result == 3 ? 0 : 1);
}

/* The process's first fork would wait for the load, because LTTng's library looks up the real
 * fork() then. So one fork comes first. */
static void fork_once(void)
{
    const pid_t child = fork();

    if (!child)
        _exit(0);
    waitpid(child, NULL, 0);
}

static int fork_and_call(void)
{
    const pid_t child = fork();
    int status = 1;

    if (!child)
        call();
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int fork_while_loading(char *library, const char *needed)
{
    pthread_t loading;

    if (pthread_create(&loading, NULL, load, library) != 0)
        return 2;
    while (!is_mapped(library))
        usleep(1000);
    usleep(10000); /* until it waits; it is in the middle of the load in any case */
    const int status = fork_and_call();
    close(open(needed, O_WRONLY)); /* too short for a library */
    pthread_join(loading, NULL);
    return status;
}

static _Atomic int visiting;

static int visit(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)info, (void)size, (void)unused;
    visiting = 1;
    while (visiting)
        usleep(1000);
    return 1;
}

static void *walk(void *unused)
{
    dl_iterate_phdr(visit, NULL);
    return unused;
}

static int fork_while_walking(void)
{
    pthread_t walking;

    if (pthread_create(&walking, NULL, walk, NULL) != 0)
        return 2;
    while (!visiting)
        usleep(1000);
    const int status = fork_and_call();
    visiting = 0;
    pthread_join(walking, NULL);
    return status;
}

int main(int argc, char **argv)
{
    fork_once();
    return argc == 3 ? fork_while_loading(argv[1], argv[2]) : fork_while_walking();
}
