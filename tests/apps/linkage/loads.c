/*
 * Loads libraries in every way that changes which one is found or what its handle is good for, and
 * prints what came of it. Run with the folder of the libraries, and with LD_LIBRARY_PATH set to its
 * subfolder `sub`.
 */
#include <dlfcn.h>
#include <ffi.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *folder;

int seven(void);
int call_in_thread(void);

int seven(void)
{
    return 7;
}

static void *call_seven(void *result)
{
    ffi_cif cif;

    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_sint, NULL) == FFI_OK)
        ffi_call(&cif, FFI_FN(seven), result, NULL);
    return result;
}

/* A constructor calls this, and waits until it is done. */
int call_in_thread(void)
{
    pthread_t thread;
    ffi_arg result = 0;

    if (pthread_create(&thread, NULL, call_seven, &result) == 0)
        pthread_join(thread, NULL);
    return (int)result;
}

static const char *error_text(void)
{
    const char *text = dlerror();

    return text ? text : "(none)";
}

static const char *in_folder(const char *file)
{
    static char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return path;
}

static const char *path_of(void *handle)
{
    const struct link_map *map = NULL;

    if (!handle || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
        return error_text();
    return map->l_name;
}

static int ask(void *handle, const char *symbol)
{
    int (*function)(void) = handle ? (int (*)(void))dlsym(handle, symbol) : NULL;

    return function ? function() : -1;
}

static void probe_names(void)
{
    printf("by LD_LIBRARY_PATH: %s\n", path_of(dlopen("libinner.so", RTLD_NOW)));
    printf("with $LIB: %s\n", path_of(dlopen("$ORIGIN/$LIB/libby_lib.so", RTLD_NOW)));
    printf("with $ORIGIN: %s\n", path_of(dlopen("$ORIGIN/libsecond_alone.so", RTLD_NOW)));
    printf("by a soname that is loaded: %s\n", path_of(dlopen("libsecond.so", RTLD_NOW)));
    printf("by the name of what another found: %s\n", path_of(dlopen("libonly_here.so", RTLD_NOW)));
    printf("no library: %s\n", path_of(dlopen(in_folder("CTestTestfile.cmake"), RTLD_NOW)));
    printf("a folder: %s\n", path_of(dlopen(in_folder("sub"), RTLD_NOW)));
    printf("the program: %d\n", dlopen(NULL, RTLD_NOW) == dlopen("", RTLD_NOW));
}

static void probe_handles(void)
{
    const char *path = in_folder("libvariable.so");
    void *absent = dlopen(path, RTLD_NOW | RTLD_NOLOAD);

    printf("not loaded yet: %d, %s\n", absent == NULL, error_text());
    void *first = dlopen(path, RTLD_NOW);
    void *again = dlopen(path, RTLD_NOW);
    void *there = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    printf("one handle: %d\n", first && first == again && first == there);
    printf("a load through a variable: %d\n", ask(first, "variable_is_kept"));
    printf("closed three times: %d %d %d\n", dlclose(first), dlclose(first), dlclose(first));
    printf("gone: %d\n", dlopen(path, RTLD_NOW | RTLD_NOLOAD) == NULL);
    printf("its text: %s\n", error_text());

    path = in_folder("libslow.so");
    void *kept = dlopen(path, RTLD_LAZY | RTLD_NODELETE);
    dlclose(kept);
    printf("not to be deleted: %d\n", kept && dlopen(path, RTLD_LAZY | RTLD_NOLOAD) == kept);
}

static void probe_scopes(void)
{
    void *local = dlopen(in_folder("libnull_symbol.so"), RTLD_NOW | RTLD_LOCAL);
    dlerror();
    dlsym(RTLD_DEFAULT, "null_symbol");
    printf("local: %s\n", error_text());
    void *global = dlopen(in_folder("libnull_symbol.so"), RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
    dlsym(RTLD_DEFAULT, "null_symbol");
    printf("made global: %d, %s\n", local && local == global, error_text());

    printf("bound to the first: %d\n",
           ask(dlopen(in_folder("libshallow.so"), RTLD_NOW), "bound_to"));
    printf("bound deeply: %d\n",
           ask(dlopen(in_folder("libdeep.so"), RTLD_NOW | RTLD_DEEPBIND), "bound_to"));
}

static Lmid_t namespace_of(void *handle)
{
    Lmid_t namespace = -1;

    if (handle)
        dlinfo(handle, RTLD_DI_LMID, &namespace);
    return namespace;
}

/* What is loaded into the namespace asks for other libraries itself. */
static void probe_namespaces(void)
{
    void *outer = dlmopen(LM_ID_NEWLM, in_folder("libouter_runpath.so"), RTLD_NOW);
    const Lmid_t there = namespace_of(outer);

    printf("a namespace of its own: %d\n", there > 0);
    printf("loads from within: %d\n", ask(outer, "outer_load"));
    void *second = dlmopen(there, in_folder("libsecond_alone.so"), RTLD_NOW);
    printf("loads into it: %d, answer %d\n", namespace_of(second) == there, ask(second, "which"));
    printf("into it with $ORIGIN: %s\n",
           path_of(dlmopen(there, "$ORIGIN/libshallow.so", RTLD_NOW)));
    printf("into it by RUNPATH: %s\n", path_of(dlmopen(there, "libfirst.so", RTLD_NOW)));
    printf("not found there: %d\n", dlmopen(there, "libdoes-not-exist.so.9", RTLD_NOW) == NULL);
    printf("its text: %s\n", error_text());
    printf("no such namespace: %d\n", dlmopen(77, "libm.so.6", RTLD_NOW) == NULL);
    printf("its text: %s\n", error_text());
}

int main(int argc, char **argv)
{
    folder = argc > 1 ? argv[1] : ".";
    void *constructor = dlopen(in_folder("libconstructor.so"), RTLD_NOW);
    printf("a constructor that loads: %d\n", ask(constructor, "constructor_found"));
    printf("one that waits for a thread that calls: %d\n", ask(constructor, "constructor_called"));
    probe_names();
    probe_handles();
    probe_scopes();
    probe_namespaces();
    return 0;
}
