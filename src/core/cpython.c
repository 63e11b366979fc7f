#include "core/cpython.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tap/base/fast.h"
#include "tap/known/scan.h"
#include "tap/layout.h"

#define RELEASE_NAME "PyEval_SaveThread"

/* Every function that is needed: our name for it, CPython's, its result and its parameters. */
#define FUNCTION_MAP(X)                                                                            \
    X(release, RELEASE_NAME, void *, (void))                                                       \
    X(acquire, "PyEval_RestoreThread", void, (void *))                                             \
    X(is_initialized, "Py_IsInitialized", int, (void))                                             \
    X(holds_lock, "PyGILState_Check", int, (void))                                                 \
    X(state_of_thread, "PyGILState_GetThisThreadState", void *, (void))                            \
    X(ensure, "PyGILState_Ensure", int, (void))                                                    \
    X(undo_ensure, "PyGILState_Release", void, (int))                                              \
    X(error_occurred, "PyErr_Occurred", void *, (void))                                            \
    X(name_of_class, "PyExceptionClass_Name", const char *, (void *))

struct functions {
#define X(name, symbol, result, parameters) result(*name) parameters;
    FUNCTION_MAP(X)
#undef X
    void *(*current_state)(void);    /* came with CPython 3.5.2: an older one counts as not found */
    void *(*interpreter_of)(void *); /* came with CPython 3.9; NULL before */
};

/* Filled by the thread that finds CPython first, and never changed after that. */
static struct functions cpython;
const struct ffitap__free_threading *ffitap__cpython_build;
static char path_found[PATH_MAX]; /* "" for the global scope */
static _Atomic bool found;
static pthread_mutex_t finding = PTHREAD_MUTEX_INITIALIZER;

/* How many objects the dynamic linker had ever loaded when CPython was last not among them. */
static _Atomic uint64_t loaded_at_miss;

/*
 * Whether this thread holds the lock. PyGILState_Check() cannot tell: it says yes if there is no
 * interpreter yet or none any more, and says yes to every thread once there was more than one
 * interpreter. The current state is that of the thread that has the lock, whichever thread that is
 * (since CPython 3.12: that of this thread, if it has the lock). So this thread has the lock if the
 * current state is its own. It also has it, where there are several interpreters, if the current
 * state is one of another interpreter than this thread's own state, because a thread has a state in
 * each. In doubt the answer is no: to give up another thread's lock would crash both.
 */
static int is_held(void)
{
    void *current = cpython.is_initialized() ? cpython.current_state() : NULL;

    if (!current)
        return false;
    void *ours = cpython.state_of_thread();
    if (ours == current)
        return true;
    return ours && cpython.interpreter_of && cpython.holds_lock() &&
           cpython.interpreter_of(ours) != cpython.interpreter_of(current);
}

static void *release(void)
{
    return cpython.release();
}

static void acquire(void *released)
{
    cpython.acquire(released);
}

static const char *error_occurred(void)
{
    void *class = cpython.error_occurred();

    return class ? cpython.name_of_class(class) : NULL;
}

/* Returns, as a pointer, what PyGILState_Ensure() returned plus 1; NULL if it was not called. */
static void *enter(void)
{
    return cpython.is_initialized() ? (void *)((intptr_t)cpython.ensure() + 1) : NULL;
}

static void leave(void *entered)
{
    if (entered && cpython.is_initialized())
        cpython.undo_ensure((int)((intptr_t)entered - 1));
}

const struct ffitap_interpreter ffitap__cpython = {
    .lock = RELEASE_NAME,
    .is_held = is_held,
    .release = release,
    .acquire = acquire,
    .error_occurred = error_occurred,
    .enter = enter,
    .leave = leave,
};

static bool look_up(void *handle, struct functions *functions)
{
    bool complete = true;

#define X(name, symbol, result, parameters)                                                        \
    if (complete) {                                                                                \
        *(void **)&functions->name = dlsym(handle, symbol);                                        \
        complete = functions->name;                                                                \
    }
    FUNCTION_MAP(X)
#undef X
    if (!complete)
        return false;
    *(void **)&functions->current_state = dlsym(handle, "_PyThreadState_UncheckedGet");
    if (!functions->current_state) /* its name since CPython 3.13 */
        *(void **)&functions->current_state = dlsym(handle, "PyThreadState_GetUnchecked");
    *(void **)&functions->interpreter_of = dlsym(handle, "PyThreadState_GetInterpreter");
    return functions->current_state;
}

/* The libpython number `index`, from 0, among the objects that are loaded. */
struct walk {
    size_t index;
    char path[PATH_MAX]; /* "" if there are not that many */
};

static int count_loaded(struct dl_phdr_info *object, size_t size, void *data)
{
    (void)size;
    *(uint64_t *)data = object->dlpi_adds;
    return 1;
}

static int find_libpython(struct dl_phdr_info *object, size_t size, void *data)
{
    struct walk *walk = data;
    const char *slash = strrchr(object->dlpi_name, '/');

    (void)size;
    if (strncmp(slash ? slash + 1 : object->dlpi_name, "libpython", 9) != 0)
        return 0;
    if (walk->index--)
        return 0;
    snprintf(walk->path, sizeof(walk->path), "%s", object->dlpi_name);
    return 1;
}

/* Finds the libpythons one by one, because nothing may be loaded or looked up during the walk of
 * the dynamic linker. */
static bool next_libpython(size_t index, char *path)
{
    struct walk walk = {.index = index};

    if (!dl_iterate_phdr(find_libpython, &walk))
        return false;
    memcpy(path, walk.path, sizeof(walk.path));
    return true;
}

/*
 * A libpython that has all functions stays open: nothing else would keep it mapped while we hold
 * addresses in it. A CPython that was found in the global scope is kept by the dynamic linker
 * itself.
 */
static bool look_up_in_libpythons(struct functions *functions, char *path)
{
    for (size_t i = 0; next_libpython(i, path); i++) {
        void *handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);

        if (handle && look_up(handle, functions))
            return true;
        if (handle)
            dlclose(handle);
    }
    *path = '\0';
    return false;
}

static bool search(struct functions *functions, char *path)
{
    *path = '\0';
    return look_up(RTLD_DEFAULT, functions) || look_up_in_libpythons(functions, path);
}

static const struct ffitap__free_threading *find_build(const struct functions *functions)
{
    if (!ffitap__layout_agrees())
        return NULL;
    ffitap__object_update((uintptr_t)functions->release); /* somebody else may have loaded it */
    return ffitap__free_threading_find((const void *)functions->release);
}

/* An object that another thread is loading is counted before it can be searched. But dlsym(3) waits
 * for that thread, so every object that was counted before the search has also been searched. */
static void look_for_it(void)
{
    uint64_t loaded = 0;
    struct functions functions;
    char path[PATH_MAX];

    dl_iterate_phdr(count_loaded, &loaded);
    if (loaded == atomic_load_explicit(&loaded_at_miss, memory_order_relaxed))
        return;
    if (search(&functions, path)) {
        const struct ffitap__free_threading *build = find_build(&functions);
        pthread_mutex_lock(&finding);
        if (!atomic_load_explicit(&found, memory_order_relaxed)) {
            cpython = functions;
            ffitap__cpython_build = build;
            memcpy(path_found, path, sizeof(path_found));
        }
        atomic_store_explicit(&found, true, memory_order_release);
        pthread_mutex_unlock(&finding);
    } else {
        atomic_store_explicit(&loaded_at_miss, loaded, memory_order_relaxed);
    }
    dlerror();
}

static bool is_found(void)
{
    return atomic_load_explicit(&found, memory_order_acquire);
}

const struct ffitap_interpreter *ffitap__cpython_find(void)
{
    const int saved = errno;

    if (FFITAP__UNLIKELY(!is_found()))
        look_for_it();
    errno = saved;
    return is_found() ? &ffitap__cpython : NULL;
}

const char *ffitap__cpython_path(void)
{
    return is_found() && *path_found ? path_found : NULL;
}
