/*
 * Statistics that the program starts and stops by itself. The tests map the files that this process
 * writes, as a reader does. There is no provider, so that calls take the way on which they are
 * counted and no more.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emit_double.h"
#include "open.h"
#include "tap/object.h"
#include "tap/statistics_file.h"

bool emit_double_is_there = false;

static char folder[] = "/tmp/ffitap-test-start-XXXXXX";
static struct ffitap_library *library;
static struct ffitap_function *absolute;

static void begin(void)
{
    emit_double_wants_callbacks = false;
    setenv("FFITAP_LTTNG", "0", 1);
    cr_assert(ne(ptr, mkdtemp(folder), NULL));
    library = open_library(NULL, FFITAP_CDLL, 0);
    absolute = borrow_same(library, "abs", FFITAP_TYPE_INT);
}

/* Unlinks what is in the folder; returns how many that were. */
static unsigned empty_folder(void)
{
    DIR *stream = opendir(folder);
    unsigned count = 0;

    for (const struct dirent *entry; stream && (entry = readdir(stream));)
        count += *entry->d_name != '.' && unlinkat(dirfd(stream), entry->d_name, 0) == 0;
    if (stream)
        closedir(stream);
    return count;
}

static void end(void)
{
    ffitap_library_destroy(library);
    empty_folder();
    rmdir(folder);
}

TestSuite(core_statistics, .init = begin, .fini = end);

static void start(void)
{
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_statistics_start(folder, &error), FFITAP_OK), "%s", error.text);
}

static void stop(void)
{
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_statistics_stop(&error), FFITAP_OK), "%s", error.text);
}

static atomic_uint_fast64_t calls_made;

/* Any thread: Criterion's assertions are for one. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

static void call(unsigned times)
{
    int argument = -3;

    atomic_fetch_add(&calls_made, times);
    for (unsigned i = 0; i < times; i++)
        check(ffitap_function_call(absolute, NULL, (void *[]){&argument}, 1, NULL) == FFITAP_OK);
}

/* The `number`th file of `pid`, as a reader maps it; NULL if there is none. */
static const struct ffitap__statistics_header *map_file(int pid, unsigned number)
{
    char path[96];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%d.%u" FFITAP__STATISTICS_SUFFIX, folder, pid, number);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return NULL;
    cr_assert(eq(int, fstat(file, &status), 0));
    void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    cr_assert(ne(ptr, mapped, MAP_FAILED));
    return mapped;
}

static const void *at(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : NULL;
}

static uint64_t calls_of_thread(const struct ffitap__statistics_header *header,
                                const struct ffitap__statistics_thread *thread)
{
    uint64_t calls = 0;

    for (const struct ffitap__statistics_cell *cell = at(header, thread->cells); cell;
         cell = at(header, cell->link.next))
        calls += cell->kind == FFITAP__STATISTICS_CALLS ? cell->count : 0;
    return calls;
}

/* How many calls this process's `number`th file counts, over all threads. */
static uint64_t calls_in(unsigned number)
{
    const struct ffitap__statistics_header *header = map_file(getpid(), number);
    uint64_t calls = 0;

    cr_assert(ne(ptr, (void *)header, NULL));
    for (const struct ffitap__statistics_thread *thread =
             at(header, header->lists[FFITAP__STATISTICS_THREADS]);
         thread; thread = at(header, thread->link.next))
        calls += calls_of_thread(header, thread);
    munmap((void *)header, header->capacity);
    return calls;
}

/* Whether this process still maps a file of statistics, besides what a test maps. */
static bool is_mapped(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX];
    bool found = false;

    while (fgets(line, sizeof(line), maps))
        found = found || strstr(line, folder);
    fclose(maps);
    return found;
}

Test(core_statistics, what_is_called_between_start_and_stop_is_counted)
{
    call(5);
    start();
    call(7);
    stop();
    call(9);
    cr_expect(eq(u64, calls_in(0), 7));
}

Test(core_statistics, each_start_makes_a_file)
{
    for (unsigned i = 0; i < 3; i++) {
        start();
        call(i + 1);
        stop();
    }
    cr_expect(eq(u64, calls_in(0), 1));
    cr_expect(eq(u64, calls_in(1), 2));
    cr_expect(eq(u64, calls_in(2), 3));
}

Test(core_statistics, a_file_of_somebody_elses_is_left_alone)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/%d.0" FFITAP__STATISTICS_SUFFIX, folder, getpid());
    fclose(fopen(path, "we"));
    start();
    call(2);
    cr_expect(eq(u64, calls_in(1), 2));
}

static const char *text(const struct ffitap__statistics_header *header, uint64_t offset)
{
    return offset ? (const char *)header + offset : "";
}

Test(core_statistics, what_was_known_before_is_in_every_file)
{
    for (unsigned i = 0; i < 2; i++) {
        start();
        call(1);
        stop();
        const struct ffitap__statistics_header *header = map_file(getpid(), i);
        const struct ffitap__statistics_function *function =
            at(header, header->lists[FFITAP__STATISTICS_FUNCTIONS]);
        const struct ffitap__statistics_runtime *runtime =
            at(header, header->lists[FFITAP__STATISTICS_RUNTIMES]);

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
             at(header, header->lists[FFITAP__STATISTICS_OBJECTS]);
         object; object = at(header, object->link.next))
        if (strcmp(text(header, object->path), path) == 0) {
            cr_assert(eq(ptr, (void *)found, NULL), "%s is there twice", path);
            found = object;
        }
    return found;
}

/* As the shim tells it: the core unloads nothing. */
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
    start();
    const struct ffitap__statistics_header *header = map_file(getpid(), 0);
    const struct ffitap__statistics_object *object = find_object(header, NATIVE);

    cr_expect(eq(ptr, (void *)find_object(header, MICROSOFT_NATIVE), NULL));
    cr_assert(ne(ptr, (void *)object, NULL));
    cr_expect(eq(u64, object->mapped, 1));
    cr_expect(eq(u64, object->unmapped, 0));
    unload(handle);
    cr_expect(eq(u64, object->unmapped, 1));
    handle = load(NATIVE);
    cr_expect(eq(ptr, (void *)find_object(header, NATIVE), (void *)object));
    stop();
    unload(handle);
    cr_expect(eq(u64, object->mapped, 2));
    cr_expect(eq(u64, object->unmapped, 1));
}

Test(core_statistics, of_each_object_the_file_says_what_it_is)
{
    const struct ffitap__object *libc = ffitap__object_at(dlsym(RTLD_DEFAULT, "getpid"));

    load(NATIVE);
    start();
    const struct ffitap__statistics_header *header = map_file(getpid(), 0);
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
    start();
    const struct ffitap__statistics_header *header = map_file(getpid(), 0);

    cr_expect(eq(u64, header->stopped_ns, 0));
    stop();
    cr_expect(ge(u64, header->stopped_ns, header->start_ns));
}

Test(core_statistics, loads_and_lookups_are_counted_anew)
{
    for (unsigned i = 0; i < 2; i++) {
        start();
        ffitap_library_destroy(open_library("libm.so.6", FFITAP_CDLL, 0));
        stop();
        const struct ffitap__statistics_header *header = map_file(getpid(), i);
        const struct ffitap__statistics_load *load =
            at(header, header->lists[FFITAP__STATISTICS_LOADS]);

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
    cr_expect(ne(ptr, strstr(error.text, text), NULL), "it says: %s", error.text);
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
    start();
    call(1);
    cr_expect(eq(u64, calls_in(0), 1));
}

Test(core_statistics, a_file_that_may_not_grow_is_an_error_and_leaves_nothing)
{
    const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};

    setrlimit(RLIMIT_FSIZE, &limit);
    expect_refused(folder, FFITAP_IO, "File too large: '/tmp/");
    cr_expect(eq(uint, empty_folder(), 0));
    call(1);
}

Test(core_statistics, statistics_are_kept_in_one_file_at_a_time)
{
    start();
    expect_refused(folder, FFITAP_BUSY, "statistics are kept already");
    stop();
    cr_expect(eq(uint, empty_folder(), 1));
}

Test(core_statistics, what_was_not_started_cannot_be_stopped)
{
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_statistics_stop(&error), FFITAP_NOT_STARTED));
    cr_expect(eq(str, error.text, "the program has not started any statistics that are kept now"));
    start();
    stop();
    cr_expect(eq(int, ffitap_statistics_stop(NULL), FFITAP_NOT_STARTED));
}

static void stop_it(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    stop();
}

static void restart_it(void *result, void *const *arguments, void *data)
{
    stop();
    start();
    stop_it(result, arguments, data);
    start();
    call(3);
}

/* Calls the code of a callback, which calls `handler`. */
static void call_through(ffitap_handler *handler)
{
    const struct ffitap_type *nothing = ffitap_type_borrow(FFITAP_TYPE_VOID);
    struct ffitap_callback *callback = NULL;
    struct ffitap_function *function = NULL;

    check(ffitap_callback_create(handler, NULL, FFITAP_CDLL, nothing, NULL, 0, 0, &callback,
                                 NULL) == FFITAP_OK);
    check(ffitap_function_create_at(ffitap_callback_get_code(callback), "code", FFITAP_CDLL, 0,
                                    &function, NULL) == FFITAP_OK);
    check(ffitap_function_set_result(function, nothing, NULL) == FFITAP_OK);
    atomic_fetch_add(&calls_made, 1);
    check(ffitap_function_call(function, NULL, NULL, 0, NULL) == FFITAP_OK);
    ffitap_function_destroy(function);
    ffitap_callback_destroy(callback);
}

static uint32_t depth_in(unsigned number)
{
    const struct ffitap__statistics_header *header = map_file(getpid(), number);
    const struct ffitap__statistics_thread *thread =
        at(header, header->lists[FFITAP__STATISTICS_THREADS]);

    return thread->depth;
}

Test(core_statistics, a_call_that_is_under_way_when_they_are_stopped_is_counted)
{
    start();
    call(1);
    call_through(stop_it);
    cr_expect(eq(u64, calls_in(0), 2));
    cr_expect(eq(uint, depth_in(0), 0));
}

Test(core_statistics, a_call_under_way_counts_where_it_began)
{
    start();
    call(1);
    call_through(restart_it);
    call(1);
    cr_expect(eq(u64, calls_in(0), 2));
    cr_expect(eq(uint, depth_in(0), 0));
    cr_expect(eq(u64, calls_in(1), 0));
    cr_expect(eq(u64, calls_in(2), 4));
    cr_expect(eq(uint, depth_in(2), 0));
}

Test(core_statistics, what_is_stopped_is_not_mapped_any_longer)
{
    start();
    call(1);
    cr_expect(is_mapped());
    stop();
    cr_expect(not(is_mapped()));
}

static atomic_uint rounds_done, rounds_wanted;

static void *call_in_rounds(void *unused)
{
    for (unsigned round = 1; round <= 3; round++) {
        while (atomic_load(&rounds_wanted) < round)
            sched_yield();
        call(10 * round);
        atomic_store(&rounds_done, round);
    }
    return unused;
}

static void let_call(unsigned round)
{
    atomic_store(&rounds_wanted, round);
    while (atomic_load(&rounds_done) < round)
        sched_yield();
}

Test(core_statistics, every_thread_notices)
{
    pthread_t thread;

    pthread_create(&thread, NULL, call_in_rounds, NULL);
    start();
    let_call(1);
    stop();
    let_call(2);
    cr_expect(is_mapped()); /* the thread could be in a call */
    start();
    let_call(3);
    pthread_join(thread, NULL);
    stop();
    cr_expect(eq(u64, calls_in(0), 10));
    cr_expect(eq(u64, calls_in(1), 30));
    cr_expect(not(is_mapped()));
}

static void wait_for(int pid)
{
    int status = 0;

    cr_assert(eq(int, waitpid(pid, &status, 0), pid));
    cr_expect(eq(int, status, 0));
}

Test(core_statistics, a_forked_child_has_a_file_of_its_own)
{
    start();
    call(1);
    const int pid = fork();
    if (pid == 0) {
        const bool had_none = !map_file(getpid(), 0);

        call(2);
        const bool has_two = calls_in(0) == 2;
        stop();
        call(4);
        start();
        call(3);
        _exit(had_none && has_two && calls_in(0) == 2 && calls_in(1) == 3 ? 0 : 1);
    }
    wait_for(pid);
    cr_expect(eq(u64, calls_in(0), 1));
}

Test(core_statistics, a_child_that_called_nothing_can_stop_them)
{
    start();
    const int pid = fork();
    if (pid == 0) {
        stop();
        call(1);
        _exit(map_file(getpid(), 0) ? 1 : 0);
    }
    wait_for(pid);
}

static int fork_past_libc(void)
{
    return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
}

Test(core_statistics, a_child_behind_our_back_cannot_start_or_stop_its_parents)
{
    start();
    call(1);
    const int pid = fork_past_libc();
    if (pid == 0) {
        const bool refuses = ffitap_statistics_start(folder, NULL) == FFITAP_NOT_SUPPORTED &&
                             ffitap_statistics_stop(NULL) == FFITAP_NOT_SUPPORTED;
        _exit(refuses ? 0 : 1);
    }
    wait_for(pid);
    call(1);
    stop();
    cr_expect(eq(u64, calls_in(0), 2));
}

static int pid_of_child;

static void fork_it(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    pid_of_child = fork_past_libc();
}

/* It has its parent's file mapped, and a call under way that began there. */
Test(core_statistics, a_child_behind_our_back_counts_nothing_when_it_returns)
{
    start();
    call_through(fork_it);
    if (pid_of_child == 0)
        _exit(0);
    wait_for(pid_of_child);
    cr_expect(eq(u64, calls_in(0), 1));
}

enum { CALLERS = 8, ROUNDS = 200 };

static atomic_bool is_over;

static void call_it(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
    call(1);
}

static void *call_until_it_is_over(void *unused)
{
    while (!atomic_load(&is_over)) {
        call(64);
        call_through(call_it);
    }
    return unused;
}

/* Threads come and go, too. */
static void *call_in_threads(void *unused)
{
    while (!atomic_load(&is_over)) {
        pthread_t thread;

        pthread_create(&thread, NULL, call_in_rounds, NULL);
        pthread_join(thread, NULL);
    }
    return unused;
}

Test(core_statistics, they_can_be_started_and_stopped_while_threads_call, .timeout = 120)
{
    pthread_t callers[CALLERS];
    uint64_t counted = 0;

    atomic_store(&calls_made, 0);
    atomic_store(&rounds_wanted, 3);
    for (int i = 0; i < CALLERS; i++)
        pthread_create(&callers[i], NULL, i ? call_until_it_is_over : call_in_threads, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        start();
        usleep(i % 8 * 100);
        stop();
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    for (unsigned i = 0; i < ROUNDS; i++)
        counted += calls_in(i);
    cr_expect(gt(u64, counted, ROUNDS));
    cr_expect(le(u64, counted, atomic_load(&calls_made)));
    cr_expect(not(is_mapped()));
}
