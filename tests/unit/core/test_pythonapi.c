/* A process that has no CPython until a test loads one. It is loaded outside of the global scope,
 * as plugins are. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lttng_double.h"
#include "open.h"

/* The linker's --wrap: how often the core asked for a symbol. */
static _Atomic int asked;
void *__real_dlsym(void *handle, const char *name);
void *__wrap_dlsym(void *handle, const char *name);

void *__wrap_dlsym(void *handle, const char *name)
{
    asked++;
    return __real_dlsym(handle, name);
}

static void no_provider(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
}

TestSuite(core_pythonapi, .init = no_provider);

static void *load_python(int mode)
{
    void *handle = dlopen(LIBPYTHON, mode);

    cr_assert(ne(ptr, handle, NULL), "%s", dlerror());
    return handle;
}

static struct ffitap_library *borrow_pythonapi(void)
{
    struct ffitap_library *pythonapi = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_pythonapi_borrow(&pythonapi, &error), FFITAP_OK), "%s", error.text);
    return pythonapi;
}

static const char *version(struct ffitap_library *pythonapi)
{
    struct ffitap_function *function = borrow(pythonapi, "Py_GetVersion");
    const char *text = NULL;

    cr_assert(eq(int,
                 ffitap_function_set_result(function, ffitap_type_borrow(FFITAP_TYPE_STRING), NULL),
                 FFITAP_OK));
    cr_assert(eq(int, ffitap_function_call(function, &text, NULL, 0, NULL), FFITAP_OK));
    return text;
}

Test(core_pythonapi, there_is_none_without_cpython)
{
    struct ffitap_library *const untouched = (struct ffitap_library *)&asked;
    struct ffitap_library *pythonapi = untouched;
    struct ffitap_error error = {0};

    errno = 2;
    cr_expect(eq(int, ffitap_pythonapi_borrow(&pythonapi, &error), FFITAP_NOT_FOUND));
    cr_expect(eq(str, error.text, "there is no CPython in this process"));
    cr_expect(eq(ptr, pythonapi, untouched));
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(ptr, dlerror(), NULL));
}

Test(core_pythonapi, a_cpython_that_came_later_is_found)
{
    struct ffitap_library *none = NULL;

    cr_expect(eq(int, ffitap_pythonapi_borrow(&none, NULL), FFITAP_NOT_FOUND));
    load_python(RTLD_NOW | RTLD_GLOBAL);
    cr_expect(eq(int, strncmp(version(borrow_pythonapi()), PYTHON_VERSION, 4), 0));
}

Test(core_pythonapi, one_in_the_global_scope_is_the_main_programs)
{
    load_python(RTLD_NOW | RTLD_GLOBAL);
    cr_expect(eq(ptr, (void *)ffitap_library_borrow_name(borrow_pythonapi()), NULL));
}

Test(core_pythonapi, one_that_was_loaded_apart_is_found)
{
    load_python(RTLD_NOW | RTLD_LOCAL);
    cr_assert(eq(ptr, __real_dlsym(RTLD_DEFAULT, "Py_GetVersion"), NULL));
    errno = 2;
    struct ffitap_library *pythonapi = borrow_pythonapi();
    cr_expect(eq(int, errno, 2));
    cr_expect(eq(ptr, dlerror(), NULL));
    cr_expect(eq(int, strncmp(version(pythonapi), PYTHON_VERSION, 4), 0));
    cr_expect(ne(ptr, (void *)ffitap_library_borrow_name(pythonapi), NULL));
}

Test(core_pythonapi, one_that_was_loaded_apart_has_a_lock)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, ""));
    load_python(RTLD_NOW | RTLD_LOCAL);
    ffitap_library_destroy(open_library(NATIVE, FFITAP_CDLL, 0));
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, "PyEval_SaveThread"));
}

Test(core_pythonapi, one_that_came_after_all_was_made_is_found_when_the_host_asks)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    load_python(RTLD_NOW | RTLD_LOCAL);
    ffitap_interpreter_set_automatic();
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, "PyEval_SaveThread"));
}

static bool is_there(void)
{
    return dlopen(LIBPYTHON, RTLD_NOW | RTLD_NOLOAD) != NULL;
}

Test(core_pythonapi, one_that_nobody_found_goes_when_its_loader_closes_it)
{
    dlclose(load_python(RTLD_NOW | RTLD_GLOBAL));
    cr_expect(not(is_there()));
}

Test(core_pythonapi, one_that_was_found_apart_stays_when_its_loader_closes_it)
{
    void *handle = load_python(RTLD_NOW | RTLD_LOCAL);

    ffitap_interpreter_set_automatic();
    dlclose(handle);
    cr_expect(is_there());
}

Test(core_pythonapi, one_that_was_found_in_the_global_scope_stays_when_its_loader_closes_it)
{
    void *handle = load_python(RTLD_NOW | RTLD_GLOBAL);

    ffitap_interpreter_set_automatic();
    dlclose(handle);
    cr_expect(is_there());
}

Test(core_pythonapi, it_is_always_the_same)
{
    load_python(RTLD_NOW | RTLD_LOCAL);
    cr_expect(eq(ptr, borrow_pythonapi(), borrow_pythonapi()));
}

static void *borrow_in_thread(void *barrier)
{
    pthread_barrier_wait(barrier);
    return borrow_pythonapi();
}

#define THREADS 4

Test(core_pythonapi, racing_threads_get_the_same)
{
    pthread_barrier_t barrier;
    pthread_t threads[THREADS];
    void *found[THREADS];

    load_python(RTLD_NOW | RTLD_LOCAL);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, borrow_in_thread, &barrier);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], &found[i]);
    for (int i = 1; i < THREADS; i++)
        cr_expect(eq(ptr, found[i], found[0]));
}

Test(core_pythonapi, it_is_cpythons_though_the_host_named_its_own_interpreter)
{
    ffitap_interpreter_set(NULL);
    load_python(RTLD_NOW | RTLD_LOCAL);
    cr_expect(eq(int, strncmp(version(borrow_pythonapi()), PYTHON_VERSION, 4), 0));
}

Test(core_pythonapi, its_functions_keep_the_lock)
{
    load_python(RTLD_NOW | RTLD_LOCAL);
    cr_expect(eq(int, ffitap_library_get_kind(borrow_pythonapi()), FFITAP_PYDLL));
}

Test(core_pythonapi, nothing_is_searched_again_while_no_object_has_come)
{
    struct ffitap_library *none = NULL;

    cr_expect(eq(int, ffitap_pythonapi_borrow(&none, NULL), FFITAP_NOT_FOUND));
    asked = 0;
    cr_expect(eq(int, ffitap_pythonapi_borrow(&none, NULL), FFITAP_NOT_FOUND));
    ffitap_interpreter_set_automatic();
    cr_expect(eq(int, asked, 0));
}
