#include "shim/interfaces/hook.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

static void *hook_of(const char *name)
{
    for (size_t i = 0; i < ffitap__tracer_interface.hook_count; i++)
        if (strcmp(ffitap__tracer_interface.hooks[i].name, name) == 0)
            return ffitap__tracer_interface.hooks[i].replacement;
    return NULL;
}

static void *load(const char *name)
{
    void *(*hook)(const char *, int) = hook_of("dlopen");

    return hook(name, RTLD_NOW);
}

static int count_object(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)info, (void)size;
    ++*(int *)data;
    return 0;
}

static int count_objects(void)
{
    int (*hook)(int (*)(struct dl_phdr_info *, size_t, void *), void *) =
        hook_of("dl_iterate_phdr");
    int count = 0;

    hook(count_object, &count);
    return count;
}

/* What a forked child finds, as its exit status. */
static int in_child(bool (*holds)(void))
{
    int status = -1;
    const pid_t child = fork();

    if (child == 0) {
        ffitap__tracer_interface.start_child();
        _exit(holds() ? 0 : 1);
    }
    waitpid(child, &status, 0);
    return status;
}

static bool has_what_its_parent_loaded(void)
{
    return load("liblttng-ust.so.not-there") != NULL;
}

static bool may_load_others(void)
{
    return load("libm.so.6") != NULL && load("libnot-there.so") == NULL;
}

static bool is_shown_nothing(void)
{
    return count_objects() == 0;
}

Test(tracer, loads_and_sees_what_is_there_in_the_first_process)
{
    cr_assert(eq(ptr, load("liblttng-ust.so.not-there"), NULL));
    cr_assert(gt(int, count_objects(), 0));
}

Test(tracer, neither_loads_itself_nor_walks_the_objects_in_a_forked_child)
{
    cr_assert(eq(int, in_child(has_what_its_parent_loaded), 0));
    cr_assert(eq(int, in_child(may_load_others), 0));
    cr_assert(eq(int, in_child(is_shown_nothing), 0));
}

Test(tracer, writes_whole_where_it_would_be_cancelled)
{
    ssize_t (*hook)(int, const void *, size_t) = hook_of("write");
    int ends[2];
    char read_back[4] = "";

    cr_assert(eq(int, pipe(ends), 0));
    cr_assert(eq(sz, (size_t)hook(ends[1], "abc", 3), 3));
    cr_assert(eq(sz, (size_t)read(ends[0], read_back, 3), 3));
    cr_assert(eq(str, read_back, "abc"));
}
