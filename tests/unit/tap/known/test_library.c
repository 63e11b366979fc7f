#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "lttng_double.h"
#include "tap/base/clock.h"
#include "tap/known/library.h"

#define CALLER ((const void *)load)

static void *load(const char *name)
{
    struct ffitap__library_step step;

    ffitap__library_load_begin(&step, name, RTLD_NOW, CALLER);
    void *handle = dlopen(name, RTLD_NOW);
    step.ended = ffitap__clock_now();
    ffitap__library_load_end(&step, handle, handle ? NULL : dlerror());
    return handle;
}

TestSuite(tap_library, .init = lttng_double_reset);

Test(tap_library, a_load_is_told_with_who_asked_and_what_came)
{
    void *handle = load(LIBRARY_ONE);

    cr_expect(eq(str, (char *)lttng_double_names(), "load_begin object_mapped load_end "));
    cr_expect(eq(str, (char *)lttng_double_load_end(0)->name, LIBRARY_ONE));
    cr_expect(eq(str, (char *)lttng_double_load_end(0)->path, LIBRARY_ONE));
    cr_expect(eq(str, (char *)lttng_double_load_end(0)->error, ""));
    cr_expect(eq(ulong, lttng_double_load_end(0)->handle, (uintptr_t)handle));
    cr_expect(eq(int, lttng_double_load_end(0)->mode, RTLD_NOW));
    cr_expect(eq(int, lttng_double_load_end(0)->main_program, 0));
    cr_expect(ne(ulong, lttng_double_load_end(0)->duration_ns, 0));
    cr_expect(strstr(lttng_double_load_end(0)->caller, "test_tap_library") != NULL);
    cr_expect(eq(ulong, lttng_double_load_begin(0)->load_id, lttng_double_load_end(0)->load_id));
}

Test(tap_library, a_failed_load_is_told_with_the_linkers_words)
{
    cr_assert(eq(ptr, load("libabsent-ffitap.so"), NULL));

    cr_expect(eq(str, (char *)lttng_double_names(), "load_begin load_end "));
    cr_expect(eq(ulong, lttng_double_load_end(0)->handle, 0));
    cr_expect(eq(str, (char *)lttng_double_load_end(0)->error,
                 "libabsent-ffitap.so: cannot open shared object file: No such file or directory"));
}

Test(tap_library, the_main_program_is_told_apart_from_an_empty_name)
{
    load(NULL);
    load("");

    cr_expect(eq(int, lttng_double_load_end(1)->main_program, 1));
    cr_expect(eq(int, lttng_double_load_end(0)->main_program, 0));
    cr_expect(eq(str, (char *)lttng_double_load_end(1)->name, ""));
}

Test(tap_library, each_load_has_an_id_of_its_own)
{
    load(NULL);
    load(NULL);

    cr_expect(ne(ulong, lttng_double_load_end(0)->load_id, lttng_double_load_end(1)->load_id));
}

Test(tap_library, a_lookup_names_the_function_that_it_found)
{
    struct ffitap__library_step step;
    void *handle = load(LIBRARY_ONE);

    ffitap__library_lookup_begin(&step, "one_first", CALLER);
    void *address = dlsym(handle, "one_first");
    step.ended = ffitap__clock_now();
    ffitap__library_lookup_end(&step, handle, NULL, address, NULL);

    cr_expect(eq(str, (char *)lttng_double_lookup(0)->library, LIBRARY_ONE));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->symbol, "one_first"));
    cr_expect(eq(ulong, lttng_double_lookup(0)->address, (uintptr_t)address));
    cr_expect(eq(int, lttng_double_lookup(0)->cached, 0));
    cr_expect(eq(uint, lttng_double_lookup(0)->function_id, lttng_double_function(0)->function_id));
}

Test(tap_library, a_failed_lookup_has_no_function)
{
    struct ffitap__library_step step;
    void *handle = load(LIBRARY_ONE);

    ffitap__library_lookup_begin(&step, "absent", CALLER);
    step.ended = ffitap__clock_now();
    ffitap__library_lookup_end(&step, handle, "V_1", NULL, "no such thing");

    cr_expect(eq(uint, lttng_double_lookup(0)->function_id, 0));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->version, "V_1"));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->error, "no such thing"));
    cr_expect(eq(uint, lttng_double_function_count(), 0));
}

Test(tap_library, a_cached_lookup_is_told_as_such)
{
    void *handle = load(LIBRARY_ONE);

    ffitap__library_lookup_cached(LIBRARY_ONE, handle, "one_first", dlsym(handle, "one_first"),
                                  CALLER);

    cr_expect(eq(int, lttng_double_lookup(0)->cached, 1));
    cr_expect(eq(ulong, lttng_double_lookup(0)->duration_ns, 0));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->library, LIBRARY_ONE));
}

Test(tap_library, an_unload_counts_what_went)
{
    struct ffitap__library_step step;
    void *handle = load(LIBRARY_DEPENDENT);

    ffitap__library_unload_begin(&step, handle, CALLER);
    const int result = dlclose(handle);
    step.ended = ffitap__clock_now();
    ffitap__library_unload_end(&step, handle, result, NULL);

    cr_expect(eq(uint, lttng_double_unload(0)->unmapped, 2));
    cr_expect(eq(str, (char *)lttng_double_unload(0)->path, LIBRARY_DEPENDENT));
    cr_expect(eq(int, lttng_double_unload(0)->result, 0));
}

Test(tap_library, none_of_it_changes_errno)
{
    struct ffitap__library_step step;
    void *handle = dlopen(LIBRARY_ONE, RTLD_NOW);

    errno = 77;
    ffitap__library_load_begin(&step, LIBRARY_ONE, RTLD_NOW, CALLER);
    step.ended = ffitap__clock_now();
    ffitap__library_load_end(&step, handle, NULL);
    ffitap__library_lookup_begin(&step, "one_first", CALLER);
    step.ended = ffitap__clock_now();
    ffitap__library_lookup_end(&step, handle, NULL, dlsym(handle, "one_first"), NULL);
    ffitap__library_unload_begin(&step, handle, CALLER);
    step.ended = ffitap__clock_now();
    ffitap__library_unload_end(&step, handle, 0, NULL);
    cr_expect(eq(int, errno, 77));
}
