/* Looks up symbols of every kind and uses them. Run with the folder of the libraries. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static const char *error_text(void)
{
    const char *text = dlerror();

    return text ? text : "(none)";
}

static int call(void *address)
{
    int (*function)(void) = (int (*)(void))address;

    return function ? function() : -1;
}

static void probe_versions(void *library)
{
    printf("default version: %d\n", call(dlsym(library, "answer")));
    printf("old version: %d\n", call(dlvsym(library, "answer", "OLD_1")));
    printf("new version: %d\n", call(dlvsym(library, "answer", "NEW_2")));
    printf("no version: %p\n", dlvsym(library, "answer", "NEWER_3"));
    printf("its text: %s\n", error_text());
    printf("version of the C library: %d\n",
           dlvsym(RTLD_DEFAULT, "memcpy", "GLIBC_2.2.5") != dlsym(RTLD_DEFAULT, "memcpy"));
    printf("next with a version: %d\n", dlvsym(RTLD_NEXT, "malloc", "GLIBC_2.2.5") != NULL);
}

static void probe_kinds(void *library)
{
    int *data = dlsym(library, "data_symbol");
    const char *text = dlsym(library, "text_symbol");
    void *(*copy)(void *, const void *, size_t) =
        (void *(*)(void *, const void *, size_t))dlsym(RTLD_DEFAULT, "memcpy");
    char copied[8] = "";

    printf("an indirect function: %d\n", call(dlsym(library, "chosen_answer")));
    printf("the same again: %d\n",
           dlsym(library, "chosen_answer") == dlsym(library, "chosen_answer"));
    printf("data: %d\n", data ? (*data)++ : -1);
    printf("the same data: %d\n", data && dlsym(library, "data_symbol") == data && *data == 6);
    printf("text: %s\n", text ? text : "(none)");
    printf("an indirect function of the C library: %s\n",
           copy ? (char *)copy(copied, "copied", 7) : "(none)");
}

static void probe_special(void *library)
{
    printf("by default: %d\n", dlsym(RTLD_DEFAULT, "malloc") != NULL);
    printf("local, by default: %p\n", dlsym(RTLD_DEFAULT, "chosen_answer"));
    printf("its text: %s\n", error_text());
    printf("next: %d\n", dlsym(RTLD_NEXT, "dlsym") != NULL);
    printf("nowhere next: %p\n", dlsym(RTLD_NEXT, "chosen_answer"));
    printf("its text: %s\n", error_text());
    printf("of the program: %d\n", dlsym(dlopen(NULL, RTLD_NOW), "malloc") != NULL);
    printf("in what it depends on: %d\n", dlsym(library, "malloc") != NULL);
}

int main(int argc, char **argv)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/libsymbols.so", argc > 1 ? argv[1] : ".");
    void *library = dlopen(path, RTLD_NOW);
    if (!library) {
        puts(error_text());
        return 1;
    }
    probe_versions(library);
    probe_kinds(library);
    probe_special(library);
    return 0;
}
