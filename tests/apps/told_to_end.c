/* When this is preloaded into ffitap, ffitap gets a signal to end right after the first call of the
 * function that TOLD_TO_END_AFTER names. Such a signal may come at any time. Prints on stderr what
 * that call has made. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "TOLD_TO_END_AFTER"

static void tell(const char *function, const char *made)
{
    const char *chosen = getenv(VARIABLE);

    if (!chosen || strcmp(chosen, function) != 0)
        return;
    unsetenv(VARIABLE);
    fprintf(stderr, "made %s\n", made);
    raise(SIGTERM);
}

char *mkdtemp(char *name)
{
    char *(*real)(char *) = (char *(*)(char *))dlsym(RTLD_NEXT, "mkdtemp");
    char *made = real(name);

    tell("mkdtemp", made ? made : "nothing");
    return made;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) =
        (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    const int result = real(from, to);

    tell("rename", to);
    return result;
}

FILE *fdopen(int descriptor, const char *mode)
{
    FILE *(*real)(int, const char *) = (FILE * (*)(int, const char *)) dlsym(RTLD_NEXT, "fdopen");
    FILE *stream = real(descriptor, mode);

    tell("fdopen", "a stream");
    return stream;
}
