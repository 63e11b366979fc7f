/* Statistics that the program starts and stops by itself: what is in their files. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counted.h"
#include "open.h"
#include "tap/known/scan.h"

TestSuite(core_statistics, .init = counted_begin, .fini = counted_end);

Test(core_statistics, what_is_called_between_start_and_stop_is_counted)
{
    counted_call(5);
    counted_start();
    counted_call(7);
    counted_stop();
    counted_call(9);
    cr_expect(eq(u64, counted_calls_in(0), 7));
}

Test(core_statistics, each_start_makes_a_file)
{
    for (unsigned i = 0; i < 3; i++) {
        counted_start();
        counted_call(i + 1);
        counted_stop();
    }
    cr_expect(eq(u64, counted_calls_in(0), 1));
    cr_expect(eq(u64, counted_calls_in(1), 2));
    cr_expect(eq(u64, counted_calls_in(2), 3));
}

Test(core_statistics, a_file_of_somebody_elses_is_left_alone)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%d.0" FFITAP__STATISTICS_SUFFIX, counted_folder, getpid());
    fclose(fopen(path, "we"));
    counted_start();
    counted_call(2);
    cr_expect(eq(u64, counted_calls_in(1), 2));
}

static const char *text(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : "";
}

Test(core_statistics, what_was_known_before_is_in_every_file)
{
    for (unsigned i = 0; i < 2; i++) {
        counted_start();
        counted_call(1);
        counted_stop();
        const struct ffitap__statistics_header *header = counted_file(getpid(), i);
        const struct ffitap__statistics_function *function =
            counted_at(header, header->lists[FFITAP__STATISTICS_FUNCTIONS]);
        const struct ffitap__statistics_runtime *runtime =
            counted_at(header, header->lists[FFITAP__STATISTICS_RUNTIMES]);

        cr_assert(ne(ptr, (void *)function, NULL));
        cr_expect(eq(str, (char *)text(header, function->symbol), "abs"));
        cr_assert(ne(ptr, (void *)runtime, NULL));
        cr_expect(eq(str, (char *)text(header, runtime->name), "ffitap"));
        cr_expect(ne(u64, header->lists[FFITAP__STATISTICS_OBJECTS], 0));
        cr_expect(ne(u64, header->rate, 0));
    }
}

/* The object of that path, which is in the list once or not at all. */
static const struct ffitap__statistics_object *
find_object(const struct ffitap__statistics_header *header, const char *path)
{
    const struct ffitap__statistics_object *found = NULL;

    for (const struct ffitap__statistics_object *object =
             counted_at(header, header->lists[FFITAP__STATISTICS_OBJECTS]);
         object; object = counted_at(header, object->link.next))
        if (strcmp(text(header, object->path), path) == 0) {
            cr_assert(eq(ptr, (void *)found, NULL), "%s is there twice", path);
            found = object;
        }
    return found;
}

/* Loads a library and tells the tap as the shim would, because the core unloads nothing. */
static void *load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW);

    cr_assert(ne(ptr, handle, NULL));
    ffitap__object_update((uintptr_t)((const struct link_map *)handle)->l_ld);
    return handle;
}

static void unload(void *handle)
{
    dlclose(handle);
    ffitap__object_update(0);
}

Test(core_statistics, what_was_mapped_before_is_listed_and_what_becomes_of_it)
{
    void *handle = load(NATIVE);

    unload(load(MICROSOFT_NATIVE));
    counted_start();
    const struct ffitap__statistics_header *header = counted_file(getpid(), 0);
    const struct ffitap__statistics_object *object = find_object(header, NATIVE);

    cr_expect(eq(ptr, (void *)find_object(header, MICROSOFT_NATIVE), NULL));
    cr_assert(ne(ptr, (void *)object, NULL));
    cr_expect(eq(u64, object->mapped, 1));
    cr_expect(eq(u64, object->unmapped, 0));
    unload(handle);
    cr_expect(eq(u64, object->unmapped, 1));
    handle = load(NATIVE);
    cr_expect(eq(ptr, (void *)find_object(header, NATIVE), (void *)object));
    counted_stop();
    unload(handle);
    cr_expect(eq(u64, object->mapped, 2));
    cr_expect(eq(u64, object->unmapped, 1));
}

Test(core_statistics, of_each_object_the_file_says_what_it_is)
{
    const struct ffitap__object *libc = ffitap__object_at(dlsym(RTLD_DEFAULT, "getpid"));

    load(NATIVE);
    counted_start();
    const struct ffitap__statistics_header *header = counted_file(getpid(), 0);
    const struct ffitap__statistics_object *object = find_object(header, libc->path);

    cr_expect(eq(u32, find_object(header, NATIVE)->cause, FFITAP__OBJECT_ASKED_FOR));
    cr_assert(ne(ptr, (void *)object, NULL));
    cr_expect(eq(u32, object->cause, FFITAP__OBJECT_AT_START_UP));
    cr_expect(eq(u64, object->base, libc->elf.start));
    cr_expect(eq(u64, object->size, libc->elf.end - libc->elf.start));
    cr_expect(eq(str, (char *)text(header, object->soname), "libc.so.6"));
    cr_expect(eq(sz, strlen(text(header, object->build_id)), 40));
    cr_expect(eq(str, (char *)text(header, object->build_id), (char *)libc->build_id));
    cr_expect(ne(str, (char *)text(header, object->needed_by), ""));
}

Test(core_statistics, a_file_says_when_it_was_stopped)
{
    counted_start();
    const struct ffitap__statistics_header *header = counted_file(getpid(), 0);

    cr_expect(eq(u64, header->stopped_ns, 0));
    counted_stop();
    cr_expect(ge(u64, header->stopped_ns, header->start_ns));
}

Test(core_statistics, loads_and_lookups_are_counted_anew)
{
    for (unsigned i = 0; i < 2; i++) {
        counted_start();
        ffitap_library_destroy(open_library("libm.so.6", FFITAP_CDLL, 0));
        counted_stop();
        const struct ffitap__statistics_header *header = counted_file(getpid(), i);
        const struct ffitap__statistics_load *load =
            counted_at(header, header->lists[FFITAP__STATISTICS_LOADS]);

        cr_assert(ne(ptr, (void *)load, NULL));
        cr_expect(eq(u64, load->count, 1));
        cr_expect(eq(str, (char *)text(header, load->name), "libm.so.6"));
    }
}

static void expect_refused(const char *where, enum ffitap_status status, const char *text)
{
    struct ffitap_error error = {0};

    errno = 77;
    cr_expect(eq(int, ffitap_statistics_start(where, &error), status));
    cr_expect(eq(int, error.status, status));
    cr_expect(strstr(error.text, text) != NULL, "it says: %s", error.text);
    cr_expect(eq(int, errno, 77));
}

Test(core_statistics, a_folder_has_an_absolute_path)
{
    static char long_path[PATH_MAX + 8];

    memset(long_path, 'x', sizeof(long_path) - 1);
    long_path[0] = '/';
    expect_refused(NULL, FFITAP_BAD_ARGUMENT,
                   "the folder for statistics is no absolute path: NULL");
    expect_refused("", FFITAP_BAD_ARGUMENT, "no absolute path: ");
    expect_refused("here", FFITAP_BAD_ARGUMENT, "no absolute path: here");
    expect_refused(long_path, FFITAP_BAD_ARGUMENT, "File name too long: '/xxx");
    long_path[PATH_MAX - 4] = '\0'; /* the folder's path alone would do */
    expect_refused(long_path, FFITAP_BAD_ARGUMENT, "File name too long: '/xxx");
}

Test(core_statistics, a_folder_that_takes_no_file_is_an_error_with_its_reason)
{
    expect_refused("/no/such/folder", FFITAP_IO,
                   "cannot make a statistics file: No such file or directory: '/no/such/folder'");
    expect_refused("/dev/null", FFITAP_IO, "Not a directory: '/dev/null'");
    counted_start();
    counted_call(1);
    cr_expect(eq(u64, counted_calls_in(0), 1));
}

Test(core_statistics, a_file_that_may_not_grow_is_an_error_and_leaves_nothing)
{
    const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};

    setrlimit(RLIMIT_FSIZE, &limit);
    expect_refused(counted_folder, FFITAP_IO, "File too large: '/tmp/");
    cr_expect(eq(uint, counted_empty_folder(), 0));
    counted_call(1);
}

Test(core_statistics, statistics_are_kept_in_one_file_at_a_time)
{
    counted_start();
    expect_refused(counted_folder, FFITAP_BUSY, "statistics are kept already");
    counted_stop();
    cr_expect(eq(uint, counted_empty_folder(), 1));
}

Test(core_statistics, what_was_not_started_cannot_be_stopped)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_statistics_stop(&error), FFITAP_NOT_STARTED));
    cr_expect(eq(str, error.text, "the program has not started any statistics that are kept now"));
    counted_start();
    counted_stop();
    cr_expect(eq(int, ffitap_statistics_stop(NULL), FFITAP_NOT_STARTED));
}
