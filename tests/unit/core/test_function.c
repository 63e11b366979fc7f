#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lttng_double.h"
#include "open.h"

static struct ffitap_library *native;

static void open_native(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    lttng_double_reset();
}

TestSuite(core_function, .init = open_native);

static struct ffitap_function *create(struct ffitap_library *library, const char *name)
{
    struct ffitap_function *function = NULL;

    cr_assert(eq(int, ffitap_function_create(library, name, &function, NULL), FFITAP_OK));
    return function;
}

Test(core_function, borrowing_twice_gives_the_same_object_after_one_lookup)
{
    struct ffitap_function *function = borrow(native, "answer");

    cr_expect(eq(ptr, borrow(native, "answer"), function));
    cr_expect(eq(str, (char *)lttng_double_names(), "function lookup lookup "));
    cr_expect(eq(int, lttng_double_lookup(1)->cached, 0));
    cr_expect(eq(int, lttng_double_lookup(0)->cached, 1));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->library, NATIVE));
    cr_expect(eq(uint, lttng_double_lookup(0)->function_id, lttng_double_lookup(1)->function_id));
    cr_expect(strstr(lttng_double_lookup(0)->caller, "test_core_function") != NULL);
    cr_expect(strstr(lttng_double_lookup(1)->caller, "test_core_function") != NULL);
}

Test(core_function, creating_always_looks_up_and_makes_a_new_object)
{
    struct ffitap_function *one = create(native, "answer");
    struct ffitap_function *other = create(native, "answer");

    cr_expect(ne(ptr, one, other));
    cr_expect(ne(ptr, one, borrow(native, "answer")));
    cr_expect(eq(uint, lttng_double_lookup_count(), 3));
    cr_expect(eq(int, lttng_double_lookup(0)->cached, 0));
    ffitap_function_destroy(one);
    ffitap_function_destroy(other);
}

Test(core_function, types_of_a_created_one_are_its_own)
{
    struct ffitap_function *created = create(native, "same_int");
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_INT);

    cr_assert(eq(int, ffitap_function_set_arguments(created, &type, 1, NULL), FFITAP_OK));
    cr_expect(
        eq(int, ffitap_function_call(borrow(native, "same_int"), NULL, NULL, 0, NULL), FFITAP_OK));
    ffitap_function_destroy(created);
}

Test(core_function, it_knows_its_name_and_where_it_is)
{
    struct ffitap_function *function = borrow(native, "answer");

    cr_expect(eq(str, (char *)ffitap_function_borrow_name(function), "answer"));
    cr_expect(eq(ptr, ffitap_function_get_address(function),
                 dlsym(ffitap_library_get_handle(native), "answer")));
}

Test(core_function, a_created_one_outlives_its_library)
{
    struct ffitap_function *function = create(native, "answer");
    int result = 0;

    ffitap_library_destroy(native);
    cr_expect(eq(int, ffitap_function_call(function, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 42));
    ffitap_function_destroy(function);
}

Test(core_function, a_dunder_name_is_refused_without_a_lookup)
{
    struct ffitap_function *function = (void *)&function;
    struct ffitap_error error = {0};

    cr_expect(
        eq(int, ffitap_function_borrow(native, "__dunder__", &function, &error), FFITAP_NOT_FOUND));
    cr_expect(eq(int, ffitap_function_borrow(native, "__", &function, NULL), FFITAP_NOT_FOUND));
    cr_expect(
        eq(str, error.text,
           "'__dunder__' starts and ends with '__': only ffitap_function_create() looks it up"));
    cr_expect(eq(ptr, function, &function));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
}

Test(core_function, a_dunder_name_can_be_created)
{
    struct ffitap_function *function = create(native, "__dunder__");
    int result = 0;

    cr_expect(eq(int, ffitap_function_call(function, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 7));
    ffitap_function_destroy(function);
}

Test(core_function, a_name_that_only_starts_like_one_is_looked_up)
{
    struct ffitap_function *function = NULL;

    cr_expect(
        eq(int, ffitap_function_borrow(native, "__absent", &function, NULL), FFITAP_NOT_FOUND));
    cr_expect(eq(uint, lttng_double_lookup_count(), 1));
}

Test(core_function, a_missing_one_explains_itself_with_the_linkers_words)
{
    struct ffitap_function *function = (void *)&function;
    struct ffitap_error error = {0};

    cr_expect(
        eq(int, ffitap_function_borrow(native, "absent", &function, &error), FFITAP_NOT_FOUND));
    cr_expect(eq(str, error.text, NATIVE ": undefined symbol: absent"));
    cr_expect(eq(str, (char *)lttng_double_lookup(0)->error, error.text));
    cr_expect(eq(uint, lttng_double_lookup(0)->function_id, 0));
    cr_expect(eq(ptr, function, &function));
}

Test(core_function, a_missing_one_is_looked_up_again)
{
    struct ffitap_function *function = NULL;

    cr_expect(eq(int, ffitap_function_borrow(native, "absent", &function, NULL), FFITAP_NOT_FOUND));
    cr_expect(eq(int, ffitap_function_borrow(native, "absent", &function, NULL), FFITAP_NOT_FOUND));
    cr_expect(eq(uint, lttng_double_lookup_count(), 2));
}

Test(core_function, a_symbol_whose_value_is_null_is_not_found)
{
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};

    dlsym(RTLD_DEFAULT, "an error that is pending");
    cr_expect(eq(int, ffitap_function_create(native, "null_valued", &function, &error),
                 FFITAP_NOT_FOUND));
    cr_expect(eq(str, error.text, "function 'null_valued' not found"));
}

Test(core_function, no_name_is_refused)
{
    struct ffitap_function *function = NULL;

    cr_expect(eq(int, ffitap_function_borrow(native, NULL, &function, NULL), FFITAP_BAD_ARGUMENT));
    cr_expect(eq(int, ffitap_function_create(native, NULL, &function, NULL), FFITAP_BAD_ARGUMENT));
}

Test(core_function, looking_up_keeps_errno_and_leaves_no_error_of_the_linker)
{
    struct ffitap_function *function = NULL;

    errno = 12;
    cr_expect(eq(int, ffitap_function_create(native, "absent", &function, NULL), FFITAP_NOT_FOUND));
    cr_expect(eq(int, errno, 12));
    cr_expect(eq(ptr, dlerror(), NULL));
    borrow(native, "answer");
    cr_expect(eq(int, errno, 12));
}

Test(core_function, it_can_be_made_of_an_address)
{
    struct ffitap_function *function = NULL;
    void *address = ffitap_function_get_address(borrow(native, "answer"));
    int result = 0;

    cr_assert(eq(int, ffitap_function_create_at(address, "mine", FFITAP_CDLL, 0, &function, NULL),
                 FFITAP_OK));
    cr_expect(eq(int, ffitap_function_call(function, &result, NULL, 0, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 42));
    cr_expect(eq(ptr, ffitap_function_get_address(function), address));
    cr_expect(eq(str, (char *)ffitap_function_borrow_name(function), "mine"));
    ffitap_function_destroy(function);
}

Test(core_function, one_made_of_an_address_is_traced_by_the_name_that_it_was_given)
{
    struct ffitap_function *function = NULL;
    void *address = (char *)ffitap_function_get_address(borrow(native, "answer")) + 1;

    lttng_double_reset();
    cr_assert(eq(int, ffitap_function_create_at(address, "mine", FFITAP_CDLL, 0, &function, NULL),
                 FFITAP_OK));
    cr_expect(eq(str, (char *)lttng_double_names(), "function "));
    cr_expect(eq(str, (char *)lttng_double_function(0)->symbol, "mine"));
    ffitap_function_destroy(function);
}

Test(core_function, one_made_of_an_address_that_was_looked_up_keeps_that_name_in_the_trace)
{
    struct ffitap_function *function = NULL;
    void *address = ffitap_function_get_address(borrow(native, "answer"));

    lttng_double_reset();
    cr_assert(eq(int, ffitap_function_create_at(address, "mine", FFITAP_CDLL, 0, &function, NULL),
                 FFITAP_OK));
    cr_expect(eq(str, (char *)lttng_double_names(), ""));
    ffitap_function_destroy(function);
}

Test(core_function, one_made_of_an_address_is_named_after_it)
{
    struct ffitap_function *function = NULL;

    cr_assert(eq(int,
                 ffitap_function_create_at((void *)0x1234, NULL, FFITAP_CDLL, 0, &function, NULL),
                 FFITAP_OK));
    cr_expect(eq(str, (char *)ffitap_function_borrow_name(function), "0x1234"));
    ffitap_function_destroy(function);
}

Test(core_function, none_is_made_of_no_address)
{
    struct ffitap_function *function = NULL;
    struct ffitap_error error = {0};

    cr_expect(eq(int, ffitap_function_create_at(NULL, "x", FFITAP_CDLL, 0, &function, &error),
                 FFITAP_BAD_ARGUMENT));
    cr_expect(eq(str, error.text, "the address of a function is NULL"));
    cr_expect(eq(ptr, function, NULL));
}

Test(core_function, one_made_of_an_address_is_called_as_its_flags_say)
{
    struct ffitap_function *function = NULL;
    const struct ffitap_type *type = ffitap_type_borrow(FFITAP_TYPE_INT);
    int value = 4, result = 0;

    cr_assert(
        eq(int,
           ffitap_function_create_at(ffitap_function_get_address(borrow(native, "exchange_errno")),
                                     NULL, FFITAP_CDLL, FFITAP_USE_ERRNO, &function, NULL),
           FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(function, &type, 1, NULL), FFITAP_OK));
    ffitap_set_errno(3);
    cr_expect(
        eq(int, ffitap_function_call(function, &result, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 3));
    cr_expect(eq(int, ffitap_get_errno(), 4));
    ffitap_function_destroy(function);
}

Test(core_function, one_made_of_an_address_is_of_the_library_that_somebody_else_loaded)
{
    struct ffitap_function *function = NULL;
    void *address = dlsym(dlopen(AGGREGATES_LIBRARY, RTLD_NOW), "give_double_and_float");

    cr_assert(eq(int, ffitap_function_create_at(address, NULL, FFITAP_CDLL, 0, &function, NULL),
                 FFITAP_OK));
    cr_expect(eq(str, (char *)lttng_double_object_mapped(0)->path, AGGREGATES_LIBRARY));
    cr_expect(eq(int, lttng_double_object_mapped(0)->cause, FFITAP__OBJECT_ASKED_FOR));
    ffitap_function_destroy(function);
}

#define ROUNDS  500
#define THREADS 4

static struct ffitap_library *libraries[ROUNDS];
static pthread_barrier_t start;

/* In each round every thread makes the first access to a library nobody has used yet. */
static void *borrow_in_each(void *data)
{
    struct ffitap_function **found = data;

    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&start);
        found[i] = borrow(libraries[i], "answer");
    }
    return NULL;
}

Test(core_function, threads_that_race_for_the_first_access_get_one_object)
{
    static struct ffitap_function *found[THREADS][ROUNDS];
    pthread_t threads[THREADS];

    for (int i = 0; i < ROUNDS; i++)
        libraries[i] = open_library(NATIVE, FFITAP_CDLL, 0);
    lttng_double_reset();
    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, borrow_in_each, found[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    for (int i = 1; i < THREADS; i++)
        cr_expect(eq(int, memcmp(found[0], found[i], sizeof(found[0])), 0));
    cr_expect(eq(uint, lttng_double_lookup_count(), THREADS * ROUNDS));
    for (int i = 0; i < ROUNDS; i++)
        ffitap_library_destroy(libraries[i]);
}
