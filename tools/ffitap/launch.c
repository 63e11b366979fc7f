/*
 * The program itself is small: the commands are in a library. If ffitap was unpacked and not
 * installed by a package manager, a library that the commands are linked with may be missing. This
 * program starts all the same, and can say what is missing and where to get it.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/message.h"
#include "recorder/package.h"

#define COMMANDS "libffitap-commands.so"

/* The path of the library, which is found relative to this program. False, having said why. */
static bool find_commands(char *path, size_t size)
{
    char program[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);

    if (length < 0) {
        perror("ffitap: /proc/self/exe");
        return false;
    }
    program[length] = '\0';
    *strrchr(program, '/') = '\0';
    const int written =
        snprintf(path, size, "%s/" FFITAP_BINDIR_TO_PRIVATE_LIBDIR "/" COMMANDS, program);
    if (written < 0 || (size_t)written >= size) {
        fprintf(stderr, "ffitap: %s: its path is too long\n", program);
        return false;
    }
    return true;
}

/* The name of the library that the dynamic linker's `complaint` begins with. */
static void name_library(char *name, size_t size, const char *complaint)
{
    const char *end = complaint + strcspn(complaint, ":");
    const char *slash = memrchr(complaint, '/', (size_t)(end - complaint));
    const char *start = slash ? slash + 1 : complaint;

    snprintf(name, size, "%.*s", (int)(end - start), start);
}

/* Whether a library is there, but in a version that this program cannot use. */
static bool is_another_version(const char *complaint)
{
    return strstr(complaint, "version `") || strstr(complaint, "undefined symbol");
}

static void say(const char *complaint)
{
    char name[NAME_MAX + 1];

    name_library(name, sizeof name, complaint);
    const char *package = ffitap_package_of(name);
    if (is_another_version(complaint))
        fprintf(stderr, "ffitap: %s; this ffitap was built for another system\n", complaint);
    else if (package)
        fprintf(stderr, "ffitap: %s; install the package that has it, %s on Debian\n", complaint,
                package);
    else
        fprintf(stderr, "ffitap: %s; is ffitap installed completely?\n", complaint);
}

/* The dynamic linker gives up at the first library that is missing. A user who has to install
 * things wants to know all of them. */
static void explain(const char *first)
{
    char complaint[2 * PATH_MAX] = "";

    for (size_t i = 0; i < ffitap_needed_count; i++) {
        if (dlopen(ffitap_needed[i], RTLD_LAZY))
            continue;
        /*
         * If a library is missing, those that need it fail after it, with the same complaint.
         */
        const char *next = dlerror();
        if (strcmp(next, complaint) != 0)
            say(next);
        snprintf(complaint, sizeof complaint, "%s", next);
    }
    if (!*complaint)
        say(first);
}

int main(int argc, char **argv)
{
    int (*run)(int argc, char **argv);
    char path[PATH_MAX], complaint[2 * PATH_MAX];

    if (!find_commands(path, sizeof path))
        return FFITAP_EXIT_FAILED;
    /* Babeltrace's plugins expect its library where everybody sees it. */
    void *commands = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (commands && (*(void **)&run = dlsym(commands, "ffitap_main")))
        return run(argc, argv);
    snprintf(complaint, sizeof complaint, "%s", dlerror());
    explain(complaint);
    return FFITAP_EXIT_FAILED;
}
