#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lttng_double.h"
#include "places.h"
#include "tap/base/lock.h"
#include "tap/known/scan.h"

static uintptr_t place_of(void *handle)
{
    return (uintptr_t)((const struct link_map *)handle)->l_ld;
}

static void begin(void)
{
    places_settle(LIBRARY_ONE, LIBRARY_OTHER);
    lttng_double_reset();
}

TestSuite(tap_scan, .init = begin);

Test(tap_scan, what_was_there_at_start_up_is_known_by_its_path)
{
    const struct ffitap__object *libc = ffitap__object_at(dlsym(RTLD_DEFAULT, "getpid"));
    const struct ffitap__object *program = ffitap__object_at((const void *)place_of);

    cr_assert(ne(ptr, (void *)program, NULL));
    cr_expect(eq(int, program->cause, FFITAP__OBJECT_AT_START_UP));
    cr_expect(strstr(program->path, "test_tap_scan") != NULL);
    cr_assert(ne(ptr, (void *)libc, NULL));
    cr_expect(eq(int, libc->cause, FFITAP__OBJECT_AT_START_UP));
}

Test(tap_scan, one_that_a_load_returned_was_asked_for)
{
    void *handle = dlopen(LIBRARY_ONE, RTLD_NOW);

    ffitap__object_update(place_of(handle));

    cr_expect(eq(uint, lttng_double_object_mapped_count(), 1));
    cr_expect(eq(int, lttng_double_object_mapped(0)->cause, FFITAP__OBJECT_ASKED_FOR));
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->path, LIBRARY_ONE));
    cr_expect(eq(str, (char *)ffitap__object_path_of_handle(handle), LIBRARY_ONE));
}

Test(tap_scan, one_that_came_along_names_who_needs_it)
{
    void *handle = dlopen(LIBRARY_DEPENDENT, RTLD_NOW);

    ffitap__object_update(place_of(handle));

    cr_assert(eq(uint, lttng_double_object_mapped_count(), 2));
    cr_expect(eq(int, lttng_double_object_mapped(1)->cause, FFITAP__OBJECT_ASKED_FOR));
    cr_expect(eq(int, lttng_double_object_mapped(0)->cause, FFITAP__OBJECT_DEPENDENCY));
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->soname, "sample_needed.so"));
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->needed_by, LIBRARY_DEPENDENT));
}

Test(tap_scan, one_that_nobody_needs_was_asked_for_by_somebody)
{
    void *handle = dlopen(LIBRARY_ONE, RTLD_NOW);

    ffitap__object_update(0);
    cr_assert(ne(ptr, handle, NULL));
    cr_assert(eq(uint, lttng_double_object_mapped_count(), 1));
    cr_expect(eq(int, lttng_double_object_mapped(0)->cause, FFITAP__OBJECT_ASKED_FOR));
}

Test(tap_scan, one_that_went_is_told_once_and_forgotten)
{
    void *handle = dlopen(LIBRARY_ONE, RTLD_NOW);
    const void *inside = dlsym(handle, "one_first");

    ffitap__object_update(place_of(handle));
    dlclose(handle);

    cr_expect(eq(uint, ffitap__object_update(0), 1));
    cr_expect(eq(uint, ffitap__object_update(0), 0));
    cr_expect(eq(uint, lttng_double_object_unmapped_count(), 1));
    cr_expect(eq(str, (char *)lttng_double_object_unmapped(0)->path, LIBRARY_ONE));
    cr_expect(eq(str, (char *)ffitap__object_path_at(inside), ""));
}

Test(tap_scan, an_update_without_a_change_tells_nothing)
{
    ffitap__object_update(0);
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
}

Test(tap_scan, it_carries_the_build_id_of_its_file)
{
    void *handle = dlopen("libm.so.6", RTLD_NOW);

    ffitap__object_update(place_of(handle));
    const struct ffitap__object *libm = ffitap__object_at(dlsym(handle, "hypot"));
    cr_assert(ne(ptr, (void *)libm, NULL));
    cr_expect(eq(sz, strlen(libm->build_id), 40));
    cr_expect(eq(str, (char *)libm->soname, "libm.so.6"));
}

Test(tap_scan, the_special_handles_have_names)
{
    cr_expect(eq(str, (char *)ffitap__object_path_of_handle(RTLD_DEFAULT), "RTLD_DEFAULT"));
    cr_expect(eq(str, (char *)ffitap__object_path_of_handle(RTLD_NEXT), "RTLD_NEXT"));
}

Test(tap_scan, one_needs_itself_and_what_comes_along_with_it)
{
    void *handle = dlopen(LIBRARY_DEPENDENT, RTLD_NOW);
    const uintptr_t dependent = place_of(handle);
    const uintptr_t one = place_of(dlopen(LIBRARY_ONE, RTLD_NOW));

    ffitap__object_update(dependent);
    const char *needed = ffitap__object_path_at(dlsym(handle, "needed_in_between"));
    const char *path = ffitap__object_path_at((void *)dependent);

    cr_expect(ffitap__object_needs((void *)dependent, path));
    cr_expect(ffitap__object_needs((void *)dependent, needed));
    cr_expect(not(ffitap__object_needs((void *)one, needed)));
    cr_expect(not(ffitap__object_needs((void *)one, path)));
    cr_expect(not(ffitap__object_needs(&dependent, path)));
    /* Whatever needs the C library also needs what the C library needs. */
    const char *libc = ffitap__object_path_at(dlsym(RTLD_DEFAULT, "getpid"));
    const char *linker = ffitap__object_path_at(dlsym(RTLD_DEFAULT, "_r_debug"));
    cr_expect(ffitap__object_needs(dlsym(RTLD_DEFAULT, "getpid"), linker));
    cr_expect(ffitap__object_needs((const void *)place_of, linker));
    cr_expect(not(ffitap__object_needs(dlsym(RTLD_DEFAULT, "_r_debug"), libc)));
}

static void copy_to(const char *path, const char *from)
{
    char command[512];

    snprintf(command, sizeof(command), "cp --remove-destination '%s' '%s'", from, path);
    cr_assert(eq(int, system(command), 0));
}

Test(tap_scan, another_build_in_the_place_of_one_that_went_unseen_is_told_apart)
{
    char path[] = "/tmp/test_object_XXXXXX";

    close(mkstemp(path));
    copy_to(path, LIBRARY_ONE);
    void *handle = dlopen(path, RTLD_NOW);
    const uintptr_t place = place_of(handle);
    ffitap__object_update(place);
    dlclose(handle);
    copy_to(path, LIBRARY_OTHER);
    handle = dlopen(path, RTLD_NOW);
    unlink(path);

    cr_assert(eq(uptr, place_of(handle), place));
    cr_expect(eq(uint, ffitap__object_update(place), 1));
    cr_assert(
        eq(str, (char *)lttng_double_names(), "object_mapped object_unmapped object_mapped "));
    cr_expect(ne(str, (char *)lttng_double_object_mapped(0)->build_id,
                 (char *)lttng_double_object_mapped(1)->build_id));
    cr_expect(eq(int, lttng_double_object_mapped(1)->cause, FFITAP__OBJECT_ASKED_FOR));
    cr_expect(eq(uint, ffitap__object_update(place), 0));
}

Test(tap_scan, what_went_is_told_before_what_came_in_its_place)
{
    void *first = dlopen("libm.so.6", RTLD_NOW);
    ffitap__object_update(place_of(first));
    void *handle = dlopen(LIBRARY_ONE, RTLD_NOW);
    const uintptr_t place = place_of(handle);
    ffitap__object_update(place);
    dlclose(first); /* the entry before that of the other library is free now */
    ffitap__object_update(0);
    lttng_double_reset();
    dlclose(handle);
    handle = dlopen(LIBRARY_OTHER, RTLD_NOW);

    cr_assert(eq(uptr, place_of(handle), place), "the twins are meant to fill the same hole");
    cr_expect(eq(uint, ffitap__object_update(place), 1));
    cr_expect(eq(str, (char *)lttng_double_names(), "object_unmapped object_mapped "));
}

static const struct ffitap__object *come_and_go(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW);
    const uintptr_t place = place_of(handle);

    ffitap__object_update(place);
    const struct ffitap__object *object = ffitap__object_at((const void *)place);
    dlclose(handle);
    ffitap__object_update(0);
    return object;
}

Test(tap_scan, what_an_entry_has_is_used_for_the_next_object)
{
    const struct ffitap__object *first = come_and_go(LIBRARY_DEPENDENT);
    const char **needed = first->needed;

    cr_assert(eq(uint, *needed != NULL, 1));
    cr_assert(eq(ptr, (void *)come_and_go(LIBRARY_ONE), (void *)first));
    cr_expect(eq(ptr, (void *)first->needed, (void *)needed));
    cr_expect(eq(ptr, (void *)*needed, NULL));
    come_and_go(LIBRARY_DEPENDENT);
    cr_expect(eq(ptr, (void *)first->needed, (void *)needed));
    cr_expect(ne(ptr, (void *)*needed, NULL));
}

static unsigned visits;

static void count_visit(struct ffitap__object *object)
{
    (void)object;
    visits++;
}

Test(tap_scan, the_visitor_sees_each_one_once)
{
    ffitap__object_watch(count_visit);
    const unsigned at_first = visits;
    cr_expect(ge(uint, at_first, 2));

    ffitap__object_update(place_of(dlopen(LIBRARY_ONE, RTLD_NOW)));
    ffitap__object_update(0);
    cr_expect(eq(uint, visits, at_first + 1));
}

static sem_t is_relocating, was_visited;
static _Atomic bool is_relocated, has_lock;
static unsigned early_visits, late_visits;

static void tell_relocating(void)
{
    struct timespec end;

    sem_post(&is_relocating);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += 200000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    sem_timedwait(&was_visited, &end);
    has_lock = ffitap__lock();
    if (has_lock)
        ffitap__unlock();
    is_relocated = true;
}

static void note_visit(struct ffitap__object *object)
{
    if (strcmp(object->path, LIBRARY_RELOCATING) != 0)
        return;
    late_visits += is_relocated;
    early_visits += !is_relocated;
    sem_post(&was_visited);
}

static void *load(void *handle)
{
    *(void **)handle = dlopen(LIBRARY_RELOCATING, RTLD_NOW);
    return handle;
}

/* A thread that looks at the object at that moment waits without the tap's lock, and looks again
 * later. */
Test(tap_scan, the_visitor_sees_none_while_another_thread_has_it_relocated)
{
    pthread_t thread;
    void *handle = NULL;

    *(void (**)(void))dlsym(dlopen(LIBRARY_DEPENDENT, RTLD_NOW), "needed_in_between") =
        tell_relocating;
    sem_init(&is_relocating, 0, 0);
    sem_init(&was_visited, 0, 0);
    ffitap__object_watch(note_visit);
    pthread_create(&thread, NULL, load, &handle);
    sem_wait(&is_relocating);
    ffitap__object_update(0);
    cr_expect(eq(uint, early_visits, 0));
    cr_expect(eq(uint, late_visits, 1));
    pthread_join(thread, NULL);
    cr_assert(ne(ptr, handle, NULL));
    cr_expect(has_lock);
    cr_expect(eq(int, ((int (*)(void))dlsym(handle, "relocating"))(), 1));
}

static void *marked_place;
static const char before_mark, mark, somebodys_mark;

static void set_mark(struct ffitap__object *object)
{
    if (strcmp(object->path, LIBRARY_ONE) != 0)
        return;
    visits++;
    marked_place = (void *)&mark;
    object->mark = (struct ffitap__object_mark){&marked_place, &before_mark, &mark, "getpid"};
}

static void *marked;

static void load_marked(void)
{
    marked = dlopen(LIBRARY_ONE, RTLD_NOW);
    ffitap__object_watch(set_mark);
    cr_assert(eq(uint, visits, 1));
}

/* Returns how often the object is visited anew, after it may have been replaced. */
static unsigned visits_with(const void *there)
{
    const unsigned before = visits;
    const uintptr_t place = place_of(marked);

    dlclose(marked);
    marked = dlopen(LIBRARY_ONE, RTLD_NOW);
    cr_assert(eq(uptr, place_of(marked), place));
    marked_place = (void *)there;
    ffitap__object_update(place);
    return visits - before;
}

Test(tap_scan, a_mark_that_stays_is_of_the_same_copy)
{
    load_marked();
    cr_expect(eq(uint, visits_with(&mark), 0));
}

Test(tap_scan, without_its_mark_it_is_another_copy)
{
    load_marked();
    cr_expect(eq(uint, visits_with(&before_mark), 1));
}

Test(tap_scan, a_copy_that_is_bound_otherwise_is_another_one)
{
    load_marked();
    cr_expect(eq(uint, visits_with(dlsym(RTLD_DEFAULT, "getpid")), 1));
}

Test(tap_scan, a_copy_that_is_not_bound_yet_is_another_one)
{
    load_marked();
    const char *stub = (const char *)dlsym(marked, "one_first") + 1;

    cr_expect(eq(uint, visits_with(stub), 1));
}

Test(tap_scan, what_was_not_unloaded_is_not_looked_at_for_its_mark)
{
    load_marked();
    marked_place = (void *)&before_mark;
    void *other = dlopen(LIBRARY_OTHER, RTLD_NOW);
    ffitap__object_update(place_of(other));
    cr_expect(eq(uint, visits, 1));
    dlclose(other);
    ffitap__object_update(0);
    cr_expect(eq(uint, visits, 1));
}

/* The dynamic linker counts the objects of all namespaces. Seen from this namespace, the more
 * objects are mapped in another one, the fewer seem to have been unmapped. */
Test(tap_scan, a_copy_is_told_while_another_namespace_comes_and_while_it_is_there)
{
    for (unsigned i = 0; i < 20; i++)
        dlclose(dlopen(LIBRARY_OTHER, RTLD_NOW));
    load_marked();
    for (unsigned i = 0; i < 2; i++) {
        cr_assert(ne(ptr, dlmopen(LM_ID_NEWLM, LIBRARY_DEPENDENT, RTLD_NOW), NULL));
        cr_expect(eq(uint, visits_with(&before_mark), 1));
        cr_expect(eq(uint, visits_with(&before_mark), 1));
    }
}

Test(tap_scan, somebody_elses_mark_over_ours_is_left_there)
{
    load_marked();
    cr_expect(eq(uint, visits_with(&somebodys_mark), 0));
    cr_expect(eq(ptr, marked_place, (void *)&somebodys_mark));
}

static void note_path(struct ffitap__object *object)
{
    visits += strstr(object->path, "sample_") != NULL;
}

Test(tap_scan, what_another_load_brings_is_left_to_the_update_after_it)
{
    ffitap__object_watch(note_path);
    ffitap__object_load_begins();
    ffitap__object_load_begins();
    const uintptr_t one = place_of(dlopen(LIBRARY_ONE, RTLD_NOW));
    const uintptr_t other = place_of(dlopen(LIBRARY_OTHER, RTLD_NOW));

    ffitap__object_load_is_over();
    ffitap__object_update(one);
    cr_expect(eq(uint, visits, 1));
    ffitap__object_load_is_over();
    ffitap__object_update(other);
    cr_expect(eq(uint, visits, 2));
    cr_expect(eq(str, (char *)lttng_double_names(), "object_mapped object_mapped "));
    cr_expect(eq(int, lttng_double_object_mapped(1)->cause, FFITAP__OBJECT_ASKED_FOR));
}

Test(tap_scan, what_comes_along_is_known_by_its_file_too)
{
    ffitap__object_watch(note_path);
    ffitap__object_load_begins();
    ffitap__object_update(place_of(dlopen(LIBRARY_DEPENDENT_BY_FILE, RTLD_NOW)));

    cr_expect(eq(uint, visits, 2));
    cr_assert(eq(uint, lttng_double_object_mapped_count(), 2));
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->soname, ""));
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->needed_by, LIBRARY_DEPENDENT_BY_FILE));
}

/* Two began in the parent, one of them by the thread that forked. */
Test(tap_scan, in_a_child_no_load_is_under_way_but_its_own)
{
    ffitap__object_watch(note_path);
    ffitap__object_load_begins();
    ffitap__object_load_begins();
    ffitap__object_start_child();
    ffitap__object_load_is_over();
    ffitap__object_load_begins();
    const uintptr_t one = place_of(dlopen(LIBRARY_ONE, RTLD_NOW));
    dlopen(LIBRARY_OTHER, RTLD_NOW);
    ffitap__object_load_is_over();
    ffitap__object_update(one);
    cr_expect(eq(uint, visits, 2));
}

static _Atomic bool done;

/* Asks for a place that is in no object, so that every object is looked at. */
static void *ask_all_the_time(void *data)
{
    unsigned *wrong = data;

    while (!done)
        *wrong += ffitap__object_at(wrong) != NULL;
    return NULL;
}

Test(tap_scan, asking_needs_no_lock_while_others_come_and_go)
{
    pthread_t thread;
    unsigned wrong = 0;

    pthread_create(&thread, NULL, ask_all_the_time, &wrong);
    for (int i = 0; i < 200; i++) {
        void *handle = dlopen(i % 2 ? LIBRARY_ONE : LIBRARY_OTHER, RTLD_NOW);

        ffitap__object_update(place_of(handle));
        dlclose(handle);
        ffitap__object_update(0);
    }
    done = true;
    pthread_join(thread, NULL);
    cr_expect(eq(uint, wrong, 0));
}
