#include "core/gil.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tap/fast.h"

#define RELEASE_NAME "PyEval_SaveThread"

struct interpreter {
    int (*is_initialized)(void);
    int (*thread_holds_lock)(void);
    void *(*release)(void);
    void (*acquire)(void *);
};

/* Filled by whoever finds CPython first, then never changed. */
static struct interpreter cpython;
static _Atomic bool found;
static pthread_mutex_t finding = PTHREAD_MUTEX_INITIALIZER;

static bool is_complete(const struct interpreter *one)
{
    return one->is_initialized && one->thread_holds_lock && one->release && one->acquire;
}

/* PyGILState_Check came with CPython 3.4: an older one counts as not found. */
static struct interpreter look_up(void)
{
    struct interpreter one = {0};

    *(void **)&one.release = dlsym(RTLD_DEFAULT, RELEASE_NAME);
    if (one.release) {
        *(void **)&one.acquire = dlsym(RTLD_DEFAULT, "PyEval_RestoreThread");
        *(void **)&one.is_initialized = dlsym(RTLD_DEFAULT, "Py_IsInitialized");
        *(void **)&one.thread_holds_lock = dlsym(RTLD_DEFAULT, "PyGILState_Check");
    }
    dlerror();
    return one;
}

void ffitap__gil_find(void)
{
    if (FFITAP__LIKELY(atomic_load_explicit(&found, memory_order_acquire)))
        return;

    const int saved = errno;
    const struct interpreter one = look_up();

    if (is_complete(&one)) {
        pthread_mutex_lock(&finding);
        if (!atomic_load_explicit(&found, memory_order_relaxed))
            cpython = one;
        atomic_store_explicit(&found, true, memory_order_release);
        pthread_mutex_unlock(&finding);
    }
    errno = saved;
}

const char *ffitap__gil_name(void)
{
    return atomic_load_explicit(&found, memory_order_acquire) ? RELEASE_NAME : "";
}

/* PyGILState_Check answers yes when there is no interpreter yet, or none any more. */
bool ffitap__gil_is_held(void)
{
    return FFITAP__UNLIKELY(atomic_load_explicit(&found, memory_order_acquire)) &&
           cpython.is_initialized() && cpython.thread_holds_lock();
}

void *ffitap__gil_release(void)
{
    const int saved = errno;
    void *released = cpython.release();

    errno = saved;
    return released;
}

void ffitap__gil_acquire(void *released)
{
    const int saved = errno;

    cpython.acquire(released);
    errno = saved;
}
