#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lttng_double.h"
#include "open.h"
#include "places.h"

static void forget_events(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    places_settle(LIBRARY_ONE, LIBRARY_OTHER);
    lttng_double_reset();
}

TestSuite(core_library, .init = forget_events);

Test(core_library, null_is_the_main_program)
{
    struct ffitap_library *library = open_library(NULL, FFITAP_CDLL, 0);

    cr_expect(eq(ptr, ffitap_library_get_handle(library), dlopen(NULL, RTLD_NOW)));
    cr_expect(eq(ptr, (void *)ffitap_library_borrow_name(library), NULL));
    cr_expect(eq(int, lttng_double_load_end(0)->main_program, 1));
    ffitap_library_destroy(library);
}

Test(core_library, an_empty_name_is_the_main_program_too)
{
    struct ffitap_library *library = open_library("", FFITAP_CDLL, 0);

    cr_expect(eq(ptr, ffitap_library_get_handle(library), dlopen(NULL, RTLD_NOW)));
    cr_expect(eq(str, (char *)ffitap_library_borrow_name(library), ""));
    ffitap_library_destroy(library);
}

Test(core_library, a_name_is_kept_as_it_was_asked_for)
{
    char name[] = "libm.so.6";
    struct ffitap_library *library = open_library(name, FFITAP_CDLL, 0);

    memset(name, 'x', sizeof(name) - 1);
    cr_expect(eq(str, (char *)ffitap_library_borrow_name(library), "libm.so.6"));
    ffitap_library_destroy(library);
}

Test(core_library, loading_twice_gives_two_objects_with_one_handle)
{
    struct ffitap_library *one = open_library("libm.so.6", FFITAP_CDLL, 0);
    struct ffitap_library *other = open_library("libm.so.6", FFITAP_CDLL, 0);

    cr_expect(ne(ptr, one, other));
    cr_expect(eq(ptr, ffitap_library_get_handle(one), ffitap_library_get_handle(other)));
    cr_expect(ne(ptr, borrow(one, "hypot"), borrow(other, "hypot")));
    ffitap_library_destroy(one);
    ffitap_library_destroy(other);
}

Test(core_library, a_failed_load_explains_itself_with_the_linkers_words)
{
    struct ffitap_library *library = (void *)&library;
    struct ffitap_error error = {0};

    cr_expect(eq(int,
                 ffitap_library_create("libabsent-ffitap.so", FFITAP_CDLL, 0, 0, &library, &error),
                 FFITAP_LOAD_FAILED));
    cr_expect(eq(int, error.status, FFITAP_LOAD_FAILED));
    cr_expect(eq(str, error.text,
                 "libabsent-ffitap.so: cannot open shared object file: No such file or directory"));
    cr_expect(eq(ptr, library, &library));
    cr_expect(eq(str, (char *)lttng_double_names(), "load_begin load_end "));
    cr_expect(eq(str, (char *)lttng_double_load_end(0)->error, error.text));
}

Test(core_library, a_failure_that_the_linker_does_not_explain_has_a_text)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_library_create(NATIVE, FFITAP_CDLL, RTLD_NOLOAD, 0, &library, &error),
                 FFITAP_LOAD_FAILED));
    cr_expect(eq(str, error.text, "dlopen() error"));
}

Test(core_library, a_failure_may_go_unexplained)
{
    struct ffitap_library *library = NULL;

    cr_expect(eq(int, ffitap_library_create("libabsent.so", FFITAP_CDLL, 0, 0, &library, NULL),
                 FFITAP_LOAD_FAILED));
}

Test(core_library, binding_now_is_always_added_to_the_mode)
{
    struct ffitap_library *library = NULL;

    cr_assert(eq(int, ffitap_library_create(NATIVE, FFITAP_CDLL, RTLD_GLOBAL, 0, &library, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, lttng_double_load_end(0)->mode, RTLD_GLOBAL | RTLD_NOW));
    cr_expect(ne(ptr, dlsym(RTLD_DEFAULT, "answer"), NULL));
    ffitap_library_destroy(library);
}

Test(core_library, without_a_mode_it_stays_out_of_the_global_scope)
{
    ffitap_library_destroy(open_library(NATIVE, FFITAP_CDLL, 0));

    cr_expect(eq(int, lttng_double_load_end(0)->mode, RTLD_NOW));
    cr_expect(eq(ptr, dlsym(RTLD_DEFAULT, "answer"), NULL));
}

Test(core_library, a_mode_that_dlopen_refuses_is_a_failed_load)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_library_create(NATIVE, FFITAP_CDLL, 1 << 20, 0, &library, &error),
                 FFITAP_LOAD_FAILED));
    cr_expect(strstr(error.text, "invalid mode parameter") != NULL, "%s", error.text);
}

Test(core_library, unknown_kinds_and_flags_are_refused_without_a_load)
{
    struct ffitap_library *library = NULL;

    cr_expect(eq(int,
                 ffitap_library_create(NULL, (enum ffitap_library_kind)7, 0, 0, &library, NULL),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, ffitap_library_create(NULL, FFITAP_CDLL, 0, 1u << 9, &library, NULL),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
}

Test(core_library, it_stays_mapped_when_the_object_goes)
{
    struct ffitap_library *library = open_library(NATIVE, FFITAP_CDLL, 0);
    int (*answer)(void);

    *(void **)&answer = ffitap_function_get_address(borrow(library, "answer"));
    ffitap_library_destroy(library);
    cr_expect(eq(int, answer(), 42));
    cr_expect(eq(uint, lttng_double_object_unmapped_count(), 0));
}

Test(core_library, destroying_nothing_is_allowed)
{
    ffitap_library_destroy(NULL);
}

Test(core_library, neither_errno_nor_an_error_of_the_linker_is_left_behind)
{
    errno = 66;
    struct ffitap_library *library = open_library(NATIVE, FFITAP_CDLL, 0);

    cr_expect(eq(int, errno, 66));
    cr_expect(eq(ptr, dlerror(), NULL));
    ffitap_library_destroy(library);
    cr_expect(eq(int, errno, 66));
}

Test(core_library, who_asked_is_the_object_that_called_us)
{
    ffitap_library_destroy(open_library(NATIVE, FFITAP_CDLL, 0));

    cr_expect(strstr(lttng_double_load_end(0)->caller, "test_core_library") != NULL);
    cr_expect(eq(str, (char *)lttng_double_load_end(0)->path, NATIVE));
}

Test(core_runtime, the_core_makes_itself_known_once)
{
    setenv("FFITAP_LTTNG", "0", 1);
    lttng_double_reset();
    ffitap_library_destroy(open_library(NATIVE, FFITAP_CDLL, 0));
    ffitap_library_destroy(open_library(NATIVE, FFITAP_CDLL, 0));

    cr_expect(eq(uint, lttng_double_runtime_count(), 1));
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->name, "ffitap"));
    cr_expect(eq(str, (char *)lttng_double_runtime(0)->lock, ""));
    cr_expect(strstr(lttng_double_runtime(0)->object, "test_core_library") != NULL);
}

static struct ffitap_library *adopt(const char *name, void *handle, enum ffitap_library_kind kind,
                                    unsigned flags)
{
    struct ffitap_library *library = NULL;
    struct ffitap_error error = {0};

    cr_assert(eq(int, ffitap_library_adopt(name, handle, kind, flags, &library, &error), FFITAP_OK),
              "%s", error.text);
    return library;
}

Test(core_library, what_is_adopted_is_not_loaded)
{
    void *handle = dlopen("libm.so.6", RTLD_NOW);
    struct ffitap_library *library = adopt("of my own", handle, FFITAP_CDLL, 0);

    cr_expect(eq(ptr, ffitap_library_get_handle(library), handle));
    cr_expect(eq(str, (char *)ffitap_library_borrow_name(library), "of my own"));
    cr_expect(eq(uint, lttng_double_load_end_count(), 0));
    cr_expect(
        eq(ptr, ffitap_function_get_address(borrow(library, "hypot")), dlsym(handle, "hypot")));
    ffitap_library_destroy(library);
}

Test(core_library, what_somebody_else_loaded_is_known_when_it_is_adopted)
{
    ffitap_library_destroy(open_library(NULL, FFITAP_CDLL, 0));
    struct ffitap_library *library = adopt(NULL, dlopen(NATIVE, RTLD_NOW), FFITAP_CDLL, 0);

    borrow(library, "answer");
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->path, NATIVE));
    cr_expect(eq(int, lttng_double_object_mapped(0)->cause, FFITAP__OBJECT_ASKED_FOR));
    cr_expect(eq(str, (char *)lttng_double_function(0)->library, NATIVE));
    ffitap_library_destroy(library);
}

Test(core_library, what_somebody_else_loaded_is_known_when_the_main_program_is_searched)
{
    struct ffitap_library *program = open_library(NULL, FFITAP_CDLL, 0);

    cr_assert(ne(ptr, dlopen(AGGREGATES_LIBRARY, RTLD_NOW | RTLD_GLOBAL), NULL));
    borrow(program, "give_double_and_float");
    cr_expect(eq(str, (char *)lttng_double_function(0)->library, AGGREGATES_LIBRARY));
    ffitap_library_destroy(program);
}

/* Looks `name` up in the library at `path`, which somebody else loads and unloads. */
static void *look_up_in(const char *path, const char *name)
{
    void *handle = dlopen(path, RTLD_NOW);
    struct ffitap_library *library = adopt(NULL, handle, FFITAP_CDLL, 0);
    void *address = ffitap_function_get_address(borrow(library, name));

    ffitap_library_destroy(library);
    dlclose(handle);
    return address;
}

Test(core_library, what_is_adopted_is_not_taken_for_what_was_in_its_place)
{
    void *first = look_up_in(LIBRARY_ONE, "one_first");
    void *second = look_up_in(LIBRARY_OTHER, "two_first");

    cr_assert(eq(ptr, first, second));
    cr_expect(eq(str, (char *)lttng_double_function(0)->symbol, "two_first"));
    cr_expect(eq(str, (char *)lttng_double_function(0)->library, LIBRARY_OTHER));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->library, LIBRARY_OTHER));
}

Test(core_library, an_adopted_handle_stays_open_when_its_library_goes)
{
    void *handle = dlopen(NATIVE, RTLD_NOW);

    ffitap_library_destroy(adopt(NULL, handle, FFITAP_CDLL, 0));
    cr_expect(ne(ptr, dlsym(handle, "answer"), NULL));
}

Test(core_library, a_handle_of_null_is_searched_as_the_linker_does_by_default)
{
    struct ffitap_library *library = adopt(NULL, NULL, FFITAP_CDLL, 0);

    cr_expect(eq(ptr, ffitap_library_get_handle(library), NULL));
    cr_expect(eq(ptr, ffitap_function_get_address(borrow(library, "qsort")),
                 dlsym(RTLD_DEFAULT, "qsort")));
    ffitap_library_destroy(library);
}

Test(core_library, it_tells_what_it_was_created_with)
{
    struct ffitap_library *one = open_library(NULL, FFITAP_OLEDLL, FFITAP_USE_LAST_ERROR);
    struct ffitap_library *other = adopt(NULL, NULL, FFITAP_PYDLL, FFITAP_USE_ERRNO);

    cr_expect(eq(int, ffitap_library_get_kind(one), FFITAP_OLEDLL));
    cr_expect(eq(uint, ffitap_library_get_flags(one), FFITAP_USE_LAST_ERROR));
    cr_expect(eq(int, ffitap_library_get_kind(other), FFITAP_PYDLL));
    cr_expect(eq(uint, ffitap_library_get_flags(other), FFITAP_USE_ERRNO));
    ffitap_library_destroy(one);
    ffitap_library_destroy(other);
}

Test(core_library, adopting_refuses_what_creating_refuses)
{
    struct ffitap_library *library = NULL;

    cr_expect(eq(int,
                 ffitap_library_adopt(NULL, NULL, (enum ffitap_library_kind)9, 0, &library, NULL),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, ffitap_library_adopt(NULL, NULL, FFITAP_CDLL, 1u << 9, &library, NULL),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(ptr, library, NULL));
}

extern const int local_without_modes;
extern const int global_without_modes;
extern const int default_without_modes;

/* CPython: _ctypes_add_objects(). */
Test(core_library, modes_that_a_platform_has_not_are_zero)
{
    cr_expect(eq(int, local_without_modes, 0));
    cr_expect(eq(int, global_without_modes, local_without_modes));
    cr_expect(eq(int, default_without_modes, local_without_modes));
}

Test(core_library, modes_are_the_platforms)
{
    cr_expect(eq(int, FFITAP_RTLD_LOCAL, RTLD_LOCAL));
    cr_expect(eq(int, FFITAP_RTLD_GLOBAL, RTLD_GLOBAL));
    cr_expect(eq(int, FFITAP_DEFAULT_MODE, RTLD_LOCAL));
}
