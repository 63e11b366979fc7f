#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lttng_double.h"
#include "open.h"

#define THREADS 2
#define ROUNDS  200

/* What happened before main(), in a constructor. */
static struct ffitap_library *early;
static enum ffitap_status early_status = FFITAP_NOT_SUPPORTED;

__attribute__((constructor)) static void borrow_before_main(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    early_status = ffitap_loader_borrow_library(ffitap_cdll(), "libm.so.6", &early, NULL);
}

TestSuite(core_loader, .init = lttng_double_reset);

static struct ffitap_loader *create(enum ffitap_library_kind kind)
{
    struct ffitap_loader *loader = NULL;

    cr_assert(eq(int, ffitap_loader_create(kind, 0, 0, &loader, NULL), FFITAP_OK));
    return loader;
}

static struct ffitap_library *borrow_library(struct ffitap_loader *loader, const char *name)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_loader_borrow_library(loader, name, &library, &error), FFITAP_OK),
              "%s", error.text);
    return library;
}

static struct ffitap_library *load_library(struct ffitap_loader *loader, const char *name)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_loader_load_library(loader, name, &library, &error), FFITAP_OK), "%s",
              error.text);
    return library;
}

Test(core_loader, borrowing_twice_gives_one_object_after_one_load)
{
    struct ffitap_loader *loader = create(FFITAP_CDLL);
    struct ffitap_library *library = borrow_library(loader, NATIVE);

    cr_expect(eq(ptr, borrow_library(loader, NATIVE), library));
    cr_expect(eq(uint, lttng_double_load_end_count(), 1));
    ffitap_loader_destroy(loader);
}

Test(core_loader, another_name_is_another_object)
{
    struct ffitap_loader *loader = create(FFITAP_CDLL);
    struct ffitap_library *native = borrow_library(loader, NATIVE);
    struct ffitap_library *libm = borrow_library(loader, "libm.so.6");

    cr_expect(ne(ptr, native, libm));
    cr_expect(eq(ptr, borrow_library(loader, NATIVE), native));
    cr_expect(eq(ptr, borrow_library(loader, "libm.so.6"), libm));
    cr_expect(eq(str, (char *)ffitap_library_borrow_name(libm), "libm.so.6"));
    ffitap_loader_destroy(loader);
}

Test(core_loader, a_library_is_its_loaders_alone)
{
    struct ffitap_loader *one = create(FFITAP_CDLL);
    struct ffitap_loader *other = create(FFITAP_CDLL);

    cr_expect(ne(ptr, borrow_library(one, NATIVE), borrow_library(other, NATIVE)));
    ffitap_loader_destroy(one);
    ffitap_loader_destroy(other);
}

Test(core_loader, loading_always_gives_a_new_object)
{
    struct ffitap_loader *loader = create(FFITAP_CDLL);
    struct ffitap_library *one = load_library(loader, NATIVE);
    struct ffitap_library *other = load_library(loader, NATIVE);

    cr_expect(ne(ptr, one, other));
    cr_expect(ne(ptr, borrow_library(loader, NATIVE), one));
    cr_expect(ne(ptr, borrow_library(loader, NATIVE), other));
    cr_expect(eq(uint, lttng_double_load_end_count(), 3));
    ffitap_library_destroy(one);
    ffitap_library_destroy(other);
    ffitap_loader_destroy(loader);
}

Test(core_loader, what_was_loaded_outlives_the_loader)
{
    struct ffitap_loader *loader = create(FFITAP_CDLL);
    struct ffitap_library *library = load_library(loader, NATIVE);
    int result = 0;

    ffitap_loader_destroy(loader);
    cr_expect(eq(int, ffitap_function_call(borrow(library, "answer"), &result, NULL, 0, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, result, 42));
    ffitap_library_destroy(library);
}

Test(core_loader, null_can_be_loaded_and_is_the_main_program)
{
    struct ffitap_library *library = load_library(ffitap_cdll(), NULL);

    cr_expect(eq(int, lttng_double_load_end(0)->main_program, 1));
    ffitap_library_destroy(library);
}

Test(core_loader, null_and_an_empty_name_cannot_be_borrowed)
{
    struct ffitap_library *library = (void *)&library;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_loader_borrow_library(ffitap_cdll(), NULL, &library, &error),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "library name is NULL"));
    error = (struct ffitap_error){0};
    cr_expect(eq(int, ffitap_loader_borrow_library(ffitap_cdll(), "", &library, &error),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "library name is empty"));
    cr_expect(eq(ptr, library, &library));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
}

Test(core_loader, a_leading_underscore_is_refused_without_a_load)
{
    struct ffitap_library *library = (void *)&library;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_loader_borrow_library(ffitap_cdll(), "_name", &library, &error),
                 FFITAP_NOT_FOUND));
    cr_expect(
        eq(str, error.text, "'_name' starts with '_': only ffitap_loader_load_library() loads it"));
    cr_expect(eq(ptr, library, &library));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
}

Test(core_loader, a_leading_underscore_can_be_loaded)
{
    struct ffitap_library *library = NULL;

    cr_expect(eq(int, ffitap_loader_load_library(ffitap_cdll(), "_name", &library, NULL),
                 FFITAP_LOAD_FAILED));
    cr_expect(eq(uint, lttng_double_load_end_count(), 1));
}

Test(core_loader, a_name_that_failed_is_tried_again)
{
    char folder[] = "/tmp/ffitap-loader-XXXXXX", path[64];
    struct ffitap_loader *loader = create(FFITAP_CDLL);
    struct ffitap_library *library = (void *)&library;
    struct ffitap_error error = {0};

    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    snprintf(path, sizeof(path), "%s/late.so", folder);
    cr_expect(
        eq(int, ffitap_loader_borrow_library(loader, path, &library, &error), FFITAP_LOAD_FAILED));
    cr_expect(eq(ptr, library, &library));
    cr_expect(strstr(error.text, "No such file") != NULL, "%s", error.text);

    cr_assert(eq(int, symlink(NATIVE, path), 0));
    library = borrow_library(loader, path);
    cr_expect(eq(ptr, borrow_library(loader, path), library));
    cr_expect(eq(uint, lttng_double_load_end_count(), 2));
    ffitap_loader_destroy(loader);
    unlink(path);
    rmdir(folder);
}

Test(core_loader, what_it_was_made_with_is_what_its_libraries_have)
{
    struct ffitap_loader *loader = NULL;

    cr_assert(eq(int,
                 ffitap_loader_create(FFITAP_OLEDLL, FFITAP_RTLD_GLOBAL, FFITAP_USE_LAST_ERROR,
                                      &loader, NULL),
                 FFITAP_OK));
    struct ffitap_library *borrowed = borrow_library(loader, NATIVE);
    cr_expect(eq(int, ffitap_library_get_kind(borrowed), FFITAP_OLEDLL));
    cr_expect(eq(uint, ffitap_library_get_flags(borrowed), FFITAP_USE_LAST_ERROR));
    cr_expect(eq(int, lttng_double_load_end(0)->mode, RTLD_GLOBAL | RTLD_NOW));

    struct ffitap_library *loaded = load_library(loader, "libm.so.6");
    cr_expect(eq(int, ffitap_library_get_kind(loaded), FFITAP_OLEDLL));
    cr_expect(eq(uint, ffitap_library_get_flags(loaded), FFITAP_USE_LAST_ERROR));
    cr_expect(eq(int, lttng_double_load_end(0)->mode, RTLD_GLOBAL | RTLD_NOW));
    ffitap_library_destroy(loaded);
    ffitap_loader_destroy(loader);
}

Test(core_loader, unknown_kinds_and_flags_are_refused)
{
    struct ffitap_loader *loader = (void *)&loader;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_loader_create((enum ffitap_library_kind)7, 0, 0, &loader, &error),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "7 is no kind of library"));
    cr_expect(
        eq(int, ffitap_loader_create(FFITAP_CDLL, 0, 1u << 9, &loader, NULL), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(ptr, loader, &loader));
}

Test(core_loader, what_was_borrowed_goes_with_it_but_stays_mapped)
{
    struct ffitap_loader *loader = create(FFITAP_CDLL);
    int (*answer)(void);

    *(void **)&answer =
        ffitap_function_get_address(borrow(borrow_library(loader, NATIVE), "answer"));
    ffitap_loader_destroy(loader);
    cr_expect(eq(int, answer(), 42));
    cr_expect(eq(uint, lttng_double_object_unmapped_count(), 0));
}

Test(core_loader, destroying_nothing_is_allowed)
{
    ffitap_loader_destroy(NULL);
}

Test(core_loader, a_prefabricated_one_cannot_be_destroyed)
{
    struct ffitap_library *library = borrow_library(ffitap_pydll(), NATIVE);

    ffitap_loader_destroy(ffitap_pydll());
    cr_expect(eq(ptr, borrow_library(ffitap_pydll(), NATIVE), library));
    cr_expect(eq(str, (char *)ffitap_library_borrow_name(library), NATIVE));
}

/*
 * The kind of library that `loader` makes. The flags, too, must be those of the kind and no others.
 */
static enum ffitap_library_kind kind_of(struct ffitap_loader *loader)
{
    struct ffitap_library *library = borrow_library(loader, NATIVE);

    cr_expect(eq(uint, ffitap_library_get_flags(library), 0));
    cr_expect(eq(int, lttng_double_load_end(0)->mode, FFITAP_DEFAULT_MODE | RTLD_NOW));
    return ffitap_library_get_kind(library);
}

Test(core_loader, the_prefabricated_ones_are_one_of_each_kind)
{
    cr_expect(eq(int, kind_of(ffitap_cdll()), FFITAP_CDLL));
    cr_expect(eq(int, kind_of(ffitap_pydll()), FFITAP_PYDLL));
    cr_expect(eq(int, kind_of(ffitap_windll()), FFITAP_WINDLL));
    cr_expect(eq(int, kind_of(ffitap_oledll()), FFITAP_OLEDLL));
}

Test(core_loader, it_works_before_main)
{
    cr_assert(eq(int, early_status, FFITAP_OK));
    cr_expect(eq(ptr, borrow_library(ffitap_cdll(), "libm.so.6"), early));
}

Test(core_loader, errno_is_kept)
{
    struct ffitap_library *library = NULL;
    struct ffitap_loader *loader = create(FFITAP_CDLL);

    errno = 66;
    cr_expect(eq(int, ffitap_loader_borrow_library(loader, "libabsent.so", &library, NULL),
                 FFITAP_LOAD_FAILED));
    borrow_library(loader, NATIVE);
    ffitap_loader_destroy(loader);
    cr_expect(eq(int, errno, 66));
}

/* What libraries do while they are loaded: tests/apps/core/at_load.c. */
static struct ffitap_loader *loading;
static struct ffitap_library *found_while_loading;

static void *borrow_native(void *unused)
{
    (void)unused;
    return borrow_library(loading, NATIVE);
}

static void borrow_same_again(void)
{
    found_while_loading = borrow_library(loading, AT_LOAD);
}

static void borrow_in_another_thread(void)
{
    pthread_t thread;
    void *library;

    cr_assert(eq(int, pthread_create(&thread, NULL, borrow_native, NULL), 0));
    pthread_join(thread, &library);
    found_while_loading = library;
}

static void (*to_do_while_loading)(void);

__attribute__((visibility("default"))) void while_loading(void);
void while_loading(void)
{
    to_do_while_loading();
}

Test(core_loader, a_constructor_may_borrow_the_very_library)
{
    loading = create(FFITAP_CDLL);
    to_do_while_loading = borrow_same_again;

    struct ffitap_library *library = borrow_library(loading, AT_LOAD);
    cr_expect(eq(ptr, library, found_while_loading));
    cr_expect(eq(ptr, library, borrow_library(loading, AT_LOAD)));
    ffitap_loader_destroy(loading);
}

Test(core_loader, what_is_there_can_be_borrowed_while_another_library_loads, .timeout = 300)
{
    loading = create(FFITAP_CDLL);
    to_do_while_loading = borrow_in_another_thread;

    struct ffitap_library *native = borrow_library(loading, NATIVE);
    borrow_library(loading, AT_LOAD);
    cr_expect(eq(ptr, found_while_loading, native));
    ffitap_loader_destroy(loading);
}

/* Threads that borrow the same names for the first time, as nearly at once as can be. */
static const char *const names[] = {NATIVE, "libm.so.6", "libc.so.6"};

struct race {
    _Atomic unsigned ready;
    struct ffitap_loader *loader;
    struct racer {
        struct race *race;
        pthread_t thread;
        struct ffitap_library *found[3];
    } racers[THREADS];
};

static void *run_race(void *data)
{
    struct racer *racer = data;

    atomic_fetch_add(&racer->race->ready, 1);
    while (atomic_load(&racer->race->ready) < THREADS)
        ;
    for (unsigned which = 0; which < 3; which++)
        racer->found[which] = borrow_library(racer->race->loader, names[which]);
    return NULL;
}

static void race_once(void)
{
    struct race race = {.loader = create(FFITAP_CDLL)};

    for (unsigned i = 0; i < THREADS; i++) {
        race.racers[i].race = &race;
        cr_assert(
            eq(int, pthread_create(&race.racers[i].thread, NULL, run_race, &race.racers[i]), 0));
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(race.racers[i].thread, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        for (unsigned which = 0; which < 3; which++)
            cr_assert(
                eq(ptr, race.racers[i].found[which], borrow_library(race.loader, names[which])));
    ffitap_loader_destroy(race.loader);
}

Test(core_loader, racing_first_borrows_give_one_object)
{
    /* The objects are mapped before the threads start: ThreadSanitizer does not see the lock that
     * orders the dynamic linker's accesses to an object that it maps. */
    for (unsigned which = 0; which < 3; which++)
        borrow_library(ffitap_cdll(), names[which]);
    for (unsigned i = 0; i < ROUNDS; i++)
        race_once();
}
