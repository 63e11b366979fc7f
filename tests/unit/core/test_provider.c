/* The first user of the core loads the provider. In this test there is no provider to be found, but
 * the core looks for one. */
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "open.h"

static sem_t is_loading, looks_for_provider;

/* The linker puts it in front of the core's dlopen(3). */
void *__real_dlopen(const char *name, int mode);
void *__wrap_dlopen(const char *name, int mode);

void *__wrap_dlopen(const char *name, int mode)
{
    sem_post(&looks_for_provider);
    return __real_dlopen(name, mode);
}

/* A library does this while it is being loaded, with the dynamic linker's lock held:
 * tests/apps/core/at_load.c */
__attribute__((visibility("default"))) void while_loading(void);
void while_loading(void)
{
    sem_post(&is_loading);
    sem_wait(&looks_for_provider);
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
}

static void *load_library(void *unused)
{
    (void)unused;
    return __real_dlopen(AT_LOAD, RTLD_NOW);
}

Test(core_provider, a_constructor_may_use_the_core_while_another_thread_looks_for_it,
     .timeout = 300)
{
    pthread_t thread;
    void *handle = NULL;

    unsetenv("FFITAP_LTTNG");
    sem_init(&is_loading, 0, 0);
    sem_init(&looks_for_provider, 0, 0);
    pthread_create(&thread, NULL, load_library, NULL);
    sem_wait(&is_loading);
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    pthread_join(thread, &handle);
    cr_expect(ne(ptr, handle, NULL));
}
