/*
 * Asks the dynamic linker what a program may ask, and prints every answer, error text and errno:
 * the lines must be the same with the shim and without. Run with the folder of the libraries.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

extern int which(void);

static void *open_in(const char *folder, const char *file, int mode)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return dlopen(path, mode);
}

static const char *error_text(void)
{
    const char *text = dlerror();

    return text ? text : "(none)";
}

static void probe_outer(const char *folder, const char *file)
{
    void *outer = open_in(folder, file, RTLD_NOW | RTLD_LOCAL);

    if (!outer) {
        printf("%s: %s\n", file, error_text());
        return;
    }
    int (*load)(void) = (int (*)(void))dlsym(outer, "outer_load");
    int (*scope)(void) = (int (*)(void))dlsym(outer, "outer_default");
    const char *(*origin)(void) = (const char *(*)(void))dlsym(outer, "outer_origin");
    printf("%s: load %d, default %d, origin %s\n", file, load(), scope(), origin());
}

/* Asks something else between a failure and dlerror(3): then the text is that question's error, or
 * there is none. */
static void probe_questions(void)
{
    void *program = dlopen(NULL, RTLD_NOW);
    void *answer = NULL;

    dlopen("libdoes-not-exist.so.9", RTLD_NOW);
    dlinfo(program, RTLD_DI_LINKMAP, &answer);
    printf("a question that succeeds clears a failure: %s\n", error_text());
    dlopen("libdoes-not-exist.so.9", RTLD_NOW);
    dlinfo(program, -1, &answer);
    printf("a question that fails: %s\n", error_text());
}

/* A load and an unload that succeed, and an unload that fails. The loads and unloads are of a
 * library that was there from the start. */
static void probe_successes(void)
{
    struct link_map *map = NULL;
    Dl_info unused;

    dlopen("libdoes-not-exist.so.9", RTLD_NOW);
    void *handle = dlopen("libm.so.6", RTLD_NOW);
    printf("so does a load: %s\n", error_text());
    dlopen("libdoes-not-exist.so.9", RTLD_NOW);
    dlclose(handle);
    printf("so does an unload: %s\n", error_text());
    dladdr1((void *)which, &unused, (void **)&map, RTLD_DL_LINKMAP);
    printf("an unload that fails: %d\n", map ? dlclose(map) : 0);
    printf("its text: %s\n", error_text());
}

static void probe_errors(void)
{
    printf("no error at first: %s\n", error_text());
    printf("missing library: %p\n", dlopen("libdoes-not-exist.so.9", RTLD_NOW));
    printf("its text: %s\n", error_text());
    printf("asked again: %s\n", error_text());
    printf("missing symbol: %p\n", dlsym(RTLD_DEFAULT, "no_such_symbol"));
    printf("its text: %s\n", error_text());
    printf("bad mode: %p\n", dlopen("libc.so.6", 0x7fff0000));
    printf("its text: %s\n", error_text());
    printf("not loaded: %p\n", dlopen("libutil.so.1", RTLD_NOW | RTLD_NOLOAD));
    printf("its text: %s\n", error_text());

    dlopen("libdoes-not-exist.so.9", RTLD_NOW);
    dlsym(RTLD_DEFAULT, "malloc");
    printf("success clears a failure: %s\n", error_text());
    probe_successes();

    dlopen("libfirst-of-two.so.9", RTLD_NOW);
    dlsym(RTLD_DEFAULT, "second_of_two");
    printf("the last of two: %s\n", error_text());
    probe_questions();
}

static void probe_errno(void)
{
    errno = 77;
    void *handle = dlopen("libm.so.6", RTLD_NOW);
    printf("errno after a load: %d\n", errno);
    errno = 77;
    dlopen("libdoes-not-exist.so.9", RTLD_NOW);
    printf("errno after a failed load: %d\n", errno);
    errno = 77;
    dlsym(handle, "cos");
    printf("errno after a lookup: %d\n", errno);
    errno = 77;
    dlsym(handle, "no_such_symbol");
    printf("errno after a failed lookup: %d\n", errno);
    errno = 77;
    dlclose(handle);
    printf("errno after a close: %d\n", errno);
    errno = 77;
    dlerror();
    printf("errno after dlerror: %d\n", errno);
}

static void probe_null(const char *folder)
{
    void *handle = open_in(folder, "libnull_symbol.so", RTLD_NOW);

    printf("a symbol of value NULL: %d\n", handle && !dlsym(handle, "null_symbol"));
    printf("its text: %s\n", error_text());
}

static void probe_lazy_call(const char *folder)
{
    void *handle = open_in(folder, "liblazy_caller.so", RTLD_LAZY);

    printf("no error after its load: %s\n", error_text());
    int (*lazy_error)(char *, size_t) =
        handle ? (int (*)(char *, size_t))dlsym(handle, "lazy_error") : NULL;
    char text[256] = "";

    printf("a call after a failure: %d\n", lazy_error && lazy_error(text, sizeof(text)));
    printf("its text: %s\n", text);
}

static void probe_variable(const char *folder)
{
    void *handle = open_in(folder, "libvariable.so", RTLD_NOW);
    int (*is_kept)(void) = handle ? (int (*)(void))dlsym(handle, "variable_is_kept") : NULL;

    printf("a variable that was set is kept: %d\n", is_kept && is_kept());
}

static void *fail_in_thread(void *unused)
{
    (void)unused;
    dlopen("libof-a-thread.so.9", RTLD_NOW);
    return NULL;
}

static void probe_threads(void)
{
    pthread_t thread;

    dlopen("libof-the-main-thread.so.9", RTLD_NOW);
    pthread_create(&thread, NULL, fail_in_thread, NULL);
    pthread_join(thread, NULL);
    printf("errors are the thread's own: %s\n", error_text());
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";

    probe_errors();
    probe_errno();
    probe_null(folder);
    probe_variable(folder);
    probe_lazy_call(folder);
    probe_threads();
    probe_outer(folder, "libouter_runpath.so");
    probe_outer(folder, "libouter_rpath.so");
    probe_outer(folder, "libouter_plain.so");
    printf("RTLD_NEXT: %d\n", which());
    printf("dlvsym: %d\n", dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_2.14") != NULL);
    void *base = dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW);
    printf("another namespace: %d\n", base && base != dlopen("libc.so.6", RTLD_NOW));
    return 0;
}
