#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lttng_double.h"
#include "places.h"
#include "tap/known/function.h"
#include "tap/known/library.h"
#include "tap/base/lock.h"
#include "tap/known/scan.h"
#include "tap/tap.h"

static void *load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW);

    cr_assert(ne(ptr, handle, NULL), "%s", dlerror());
    ffitap__object_update((uintptr_t)((const struct link_map *)handle)->l_ld);
    return handle;
}

static void unload(void *handle)
{
    cr_assert(eq(int, dlclose(handle), 0));
    ffitap__object_update(0);
}

/* The tap maps memory, too, when it first sees a library. */
static void begin(void)
{
    unload(load(LIBRARY_ONE));
    unload(load(LIBRARY_OTHER));
    places_settle(LIBRARY_ONE, LIBRARY_OTHER);
    lttng_double_reset();
}

TestSuite(tap_function, .init = begin);

Test(tap_function, it_is_named_as_it_was_looked_up)
{
    void *handle = load(LIBRARY_ONE);
    const void *address = dlsym(handle, "one_first");
    const struct ffitap__function *function = ffitap__function_announce(address, "one_first");

    cr_expect(eq(int, function->naming, FFITAP__NAMED_BY_LOOKUP));
    cr_expect(eq(str, (char *)function->symbol, "one_first"));
    cr_expect(eq(str, (char *)function->library, LIBRARY_ONE));
    cr_expect(
        eq(ulong, function->offset, (uintptr_t)address - ((struct link_map *)handle)->l_addr));
    cr_expect(eq(ptr, (void *)ffitap__function_at(address), (void *)function));
    cr_expect(eq(uint, lttng_double_function_count(), 1));
    cr_expect(eq(ulong, lttng_double_function(0)->address, (uintptr_t)address));
}

Test(tap_function, it_is_named_after_the_nearest_export_if_nobody_looked_it_up)
{
    const char *inside = (const char *)dlsym(load(LIBRARY_ONE), "one_second") + 1;
    const struct ffitap__function *function = ffitap__function_at(inside);

    cr_expect(eq(int, function->naming, FFITAP__NAMED_BY_EXPORT));
    cr_expect(eq(str, (char *)function->symbol, "one_second"));
    cr_expect(eq(ulong, function->offset, 1));
}

Test(tap_function, it_has_no_name_where_there_is_no_symbol)
{
    const void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct ffitap__function *function = ffitap__function_at(page);

    cr_expect(eq(int, function->naming, FFITAP__NAMED_BY_NOBODY));
    cr_expect(eq(str, (char *)function->symbol, ""));
    cr_expect(eq(str, (char *)function->library, ""));
    cr_expect(eq(ulong, function->offset, (uintptr_t)page));
}

Test(tap_function, a_library_where_there_was_none_before_has_functions_of_its_own)
{
    void *handle = load(LIBRARY_ONE);
    void *address = dlsym(handle, "one_first");
    void *page = (void *)((uintptr_t)address & ~(uintptr_t)4095);

    unload(handle);
    cr_assert(
        eq(ptr, mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), page));
    const struct ffitap__function *closure = ffitap__function_at(address);
    munmap(page, 4096);
    cr_assert(eq(ptr, dlsym(load(LIBRARY_ONE), "one_first"), address),
              "the library is meant to fill the same hole");

    const struct ffitap__function *function = ffitap__function_announce(address, "one_first");
    cr_expect(ne(uint, function->id, closure->id));
    cr_expect(eq(str, (char *)function->symbol, "one_first"));
    cr_expect(eq(str, (char *)function->library, LIBRARY_ONE));
}

Test(tap_function, code_where_a_library_was_unloaded_unseen_is_not_of_that_library)
{
    void *handle = load(LIBRARY_ONE);
    void *address = dlsym(handle, "one_first");
    void *page = (void *)((uintptr_t)address & ~(uintptr_t)4095);

    cr_assert(eq(int, dlclose(handle), 0));
    cr_assert(
        eq(ptr, mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), page));
    const struct ffitap__function *code = ffitap__function_at(address);

    cr_expect(eq(str, (char *)code->library, ""));
    cr_expect(eq(int, code->naming, FFITAP__NAMED_BY_NOBODY));
}

Test(tap_function, a_later_lookup_gives_it_the_better_name_under_the_same_id)
{
    void *handle = load(LIBRARY_ONE);
    const void *address = dlsym(handle, "one_first");
    const uint32_t id = ffitap__function_at(address)->id;
    const struct ffitap__function *function = ffitap__function_announce(address, "alias");

    cr_expect(eq(uint, function->id, id));
    cr_expect(eq(int, function->naming, FFITAP__NAMED_BY_LOOKUP));
    cr_expect(eq(str, (char *)function->symbol, "alias"));
    cr_expect(eq(uint, lttng_double_function_count(), 2));
    cr_expect(eq(str, (char *)lttng_double_function(0)->symbol, "alias"));
}

Test(tap_function, the_first_name_that_was_looked_up_stays)
{
    const void *address = dlsym(load(LIBRARY_ONE), "one_first");

    ffitap__function_announce(address, "one_first");
    cr_expect(eq(str, (char *)ffitap__function_announce(address, "alias")->symbol, "one_first"));
    cr_expect(eq(uint, lttng_double_function_count(), 1));
}

Test(tap_function, a_different_library_at_the_same_address_is_a_different_function)
{
    void *handle = load(LIBRARY_ONE);
    void *address = dlsym(handle, "one_first");
    const uint32_t id = ffitap__function_announce(address, "one_first")->id;

    unload(handle);
    cr_assert(eq(ptr, dlsym(load(LIBRARY_OTHER), "two_first"), address),
              "the twins are meant to fill the same hole");

    const struct ffitap__function *other = ffitap__function_at(address);
    cr_expect(ne(uint, other->id, id));
    cr_expect(eq(str, (char *)other->symbol, "two_first"));
    cr_expect(eq(str, (char *)other->library, LIBRARY_OTHER));
}

Test(tap_function, a_library_that_comes_back_brings_its_functions_ids_back)
{
    void *handle = load(LIBRARY_ONE);
    const uint32_t id = ffitap__function_announce(dlsym(handle, "one_first"), "one_first")->id;

    unload(handle);
    load(LIBRARY_OTHER); /* takes the place that was free */
    handle = load(LIBRARY_ONE);
    void *address = dlsym(handle, "one_first");

    cr_expect(eq(uint, ffitap__function_announce(address, "one_first")->id, id));
    cr_expect(eq(ulong, lttng_double_function(0)->address, (uintptr_t)address));
}

Test(tap_function, loading_for_days_does_not_use_the_table_up)
{
    unsigned unknown = 0;

    for (int i = 0; i < 2000; i++) {
        void *handle = load(i % 2 ? LIBRARY_ONE : LIBRARY_OTHER);

        unknown +=
            !ffitap__function_announce(dlsym(handle, i % 2 ? "one_first" : "two_first"), "first");
        unload(handle);
    }
    cr_expect(eq(uint, unknown, 0));
    cr_expect(eq(uint, lttng_double_lost_count(), 0));
    cr_expect(le(uint, lttng_double_function(0)->function_id, 2));
}

Test(tap_function, the_same_that_is_called_before_it_is_looked_up)
{
    uint32_t id = 0;

    for (int round = 0; round < 3; round++) {
        void *handle = load(LIBRARY_ONE);
        const void *address = dlsym(handle, "one_first");
        const struct ffitap__function *function = ffitap__function_at(address);

        cr_expect(eq(str, (char *)function->symbol, "one_first"));
        cr_expect(
            eq(ptr, (void *)ffitap__function_announce(address, "one_first"), (void *)function));
        if (round)
            cr_expect(eq(uint, function->id, id));
        id = function->id;
        unload(handle);
    }
}

Test(tap_function, every_one_is_described_again_to_a_late_session)
{
    void *handle = load(LIBRARY_ONE);

    ffitap__function_announce(dlsym(handle, "one_first"), "one_first");
    ffitap__function_announce(dlsym(handle, "one_second"), "one_second");
    lttng_double_reset();
    ffitap__tap_describe_process();

    cr_expect(eq(uint, lttng_double_process_count(), 1));
    cr_expect(eq(uint, lttng_double_function_count(), 2));
    cr_expect(eq(str, (char *)lttng_double_function(1)->symbol, "one_first"));
    cr_expect(eq(str, (char *)lttng_double_function(0)->symbol, "one_second"));
    cr_expect(ge(uint, lttng_double_object_mapped_count(), 2));
}

Test(tap_function, null_is_no_function)
{
    cr_expect(eq(ptr, (void *)ffitap__function_at(NULL), NULL));
}

static const char places[5000];

static void *announce_all(void *unused)
{
    for (size_t i = 0; i < sizeof(places); i++)
        ffitap__function_at(&places[i]);
    return unused;
}

Test(tap_function, threads_that_meet_at_an_address_agree_on_its_id)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, announce_all, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);

    cr_expect(eq(uint, lttng_double_function_count(), sizeof(places)));
}

static sem_t lock_is_held;

static void *hold_lock(void *unused)
{
    ffitap__lock();
    sem_post(&lock_is_held);
    usleep(50000);
    ffitap__unlock();
    return unused;
}

Test(tap_function, a_fork_while_another_thread_holds_the_lock_leaves_the_child_usable,
     .timeout = 300)
{
    pthread_t thread;
    int status = -1;

    sem_init(&lock_is_held, 0, 0);
    pthread_create(&thread, NULL, hold_lock, NULL);
    sem_wait(&lock_is_held);
    const pid_t child = fork();
    if (!child) {
        alarm(100);
        _exit(ffitap__function_at(&places[1]) ? 0 : 1);
    }
    cr_assert(eq(int, waitpid(child, &status, 0), child));
    cr_expect(eq(int, status, 0));
    pthread_join(thread, NULL);
    cr_expect(ne(ptr, (void *)ffitap__function_at(&places[2]), NULL));
}
