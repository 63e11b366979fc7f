/*
 * Every allocation of the core fails once, one after another: each failure must come out as a
 * status, and what was allocated before must be gone.
 */
#include <errno.h>
#include <ffi.h>
#include <stdlib.h>
#include <string.h>

#include "open.h"

/* The linker puts these in front of the allocator, for the core and for this file. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);
void *__real_ffi_closure_alloc(size_t size, void **code);
void *__wrap_ffi_closure_alloc(size_t size, void **code);
void __real_ffi_closure_free(void *closure);
void __wrap_ffi_closure_free(void *closure);

static int until_failure; /* 0: none fails */
static bool failed;
static long live;

static bool is_to_fail(void)
{
    if (until_failure == 0 || --until_failure > 0)
        return false;
    failed = true;
    errno = ENOMEM;
    return true;
}

static void *count(void *block)
{
    live += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return is_to_fail() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t members, size_t size)
{
    return is_to_fail() ? NULL : count(__real_calloc(members, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (is_to_fail())
        return NULL;
    live -= block != NULL;
    return count(__real_realloc(block, size));
}

char *__wrap_strdup(const char *text)
{
    return is_to_fail() ? NULL : count(__real_strdup(text));
}

void __wrap_free(void *block)
{
    live -= block != NULL;
    __real_free(block);
    errno = EINVAL; /* as allocators may, but not the one of the GNU C library */
}

void *__wrap_ffi_closure_alloc(size_t size, void **code)
{
    return is_to_fail() ? NULL : count(__real_ffi_closure_alloc(size, code));
}

void __wrap_ffi_closure_free(void *closure)
{
    live--;
    __real_ffi_closure_free(closure);
}

typedef enum ffitap_status scenario(struct ffitap_error *error);

/* Runs `run` as often as it allocates, each time with another allocation failing, and once more
 * without a failure, when it must succeed. */
static void fail_each_allocation_of(scenario *run)
{
    for (int nth = 1;; nth++) {
        struct ffitap_error error = {0};
        const long before = live;

        failed = false;
        until_failure = nth;
        errno = 2;
        const enum ffitap_status status = run(&error);
        until_failure = 0;
        cr_expect(eq(int, errno, 2), "allocation %d changes errno", nth);
        cr_expect(eq(long, live, before), "allocation %d leaks", nth);
        cr_assert(eq(int, status, failed ? FFITAP_NO_MEMORY : FFITAP_OK), "allocation %d: %s", nth,
                  error.text);
        cr_expect(eq(int, error.status, status));
        if (!failed) {
            cr_assert(ge(int, nth, 2), "it allocates nothing");
            return;
        }
    }
}

#define TYPE(name) ffitap_type_borrow(FFITAP_TYPE_##name)

static struct ffitap_library *native;

static void open_native(void)
{
    setenv("FFITAP_LTTNG", "0", 1);
    native = open_library(NATIVE, FFITAP_CDLL, 0);
    ffitap_function_destroy(NULL);
}

TestSuite(core_no_memory, .init = open_native);

static enum ffitap_status load(struct ffitap_error *error)
{
    struct ffitap_library *library = NULL;
    const enum ffitap_status status =
        ffitap_library_create(NATIVE, FFITAP_CDLL, FFITAP_DEFAULT_MODE, 0, &library, error);

    ffitap_library_destroy(library);
    return status;
}

Test(core_no_memory, for_a_library)
{
    fail_each_allocation_of(load);
}

static enum ffitap_status adopt(struct ffitap_error *error)
{
    struct ffitap_library *library = NULL;
    const enum ffitap_status status =
        ffitap_library_adopt("adopted", NULL, FFITAP_CDLL, 0, &library, error);

    ffitap_library_destroy(library);
    return status;
}

Test(core_no_memory, for_an_adopted_library)
{
    fail_each_allocation_of(adopt);
}

static enum ffitap_status borrow_first(struct ffitap_error *error)
{
    struct ffitap_library *library = NULL;
    struct ffitap_function *function = NULL;
    enum ffitap_status status =
        ffitap_library_create(NATIVE, FFITAP_CDLL, FFITAP_DEFAULT_MODE, 0, &library, error);

    if (status == FFITAP_OK)
        status = ffitap_function_borrow(library, "answer", &function, error);
    ffitap_library_destroy(library);
    return status;
}

Test(core_no_memory, for_a_first_access)
{
    fail_each_allocation_of(borrow_first);
}

static enum ffitap_status borrow_of_loader(struct ffitap_error *error)
{
    struct ffitap_loader *loader = NULL;
    struct ffitap_library *library = NULL;
    enum ffitap_status status =
        ffitap_loader_create(FFITAP_CDLL, FFITAP_DEFAULT_MODE, 0, &loader, error);

    if (status == FFITAP_OK)
        status = ffitap_loader_borrow_library(loader, NATIVE, &library, error);
    ffitap_loader_destroy(loader);
    return status;
}

Test(core_no_memory, for_a_loader_and_its_library)
{
    fail_each_allocation_of(borrow_of_loader);
}

static enum ffitap_status create_function(struct ffitap_error *error)
{
    struct ffitap_function *function = NULL;
    const enum ffitap_status status = ffitap_function_create(native, "answer", &function, error);

    ffitap_function_destroy(function);
    return status;
}

Test(core_no_memory, for_a_function)
{
    fail_each_allocation_of(create_function);
}

static enum ffitap_status create_function_at(struct ffitap_error *error)
{
    struct ffitap_function *function = NULL;
    const enum ffitap_status status =
        ffitap_function_create_at((void *)abs, NULL, FFITAP_CDLL, 0, &function, error);

    ffitap_function_destroy(function);
    return status;
}

Test(core_no_memory, for_a_function_made_of_an_address)
{
    fail_each_allocation_of(create_function_at);
}

static enum ffitap_status declare(struct ffitap_error *error)
{
    const struct ffitap_type *types[] = {TYPE(STRING), TYPE(INT)};
    struct ffitap_function *function = NULL;
    enum ffitap_status status = ffitap_function_create(native, "add_up", &function, error);

    if (status == FFITAP_OK)
        status = ffitap_function_set_result(function, TYPE(DOUBLE), error);
    if (status == FFITAP_OK)
        status = ffitap_function_set_arguments(function, types, 1, error);
    if (status == FFITAP_OK)
        status = ffitap_function_set_variadic(function, types, 1, 2, error);
    if (status == FFITAP_OK)
        status = ffitap_function_clear_arguments(function, error);
    ffitap_function_destroy(function);
    return status;
}

Test(core_no_memory, for_the_types_of_a_function)
{
    fail_each_allocation_of(declare);
}

static void handle_nothing(void *result, void *const *arguments, void *data)
{
    (void)result;
    (void)arguments;
    (void)data;
}

static enum ffitap_status create_callback(struct ffitap_error *error)
{
    const struct ffitap_type *types[] = {TYPE(POINTER), TYPE(INT)};
    struct ffitap_callback *callback = NULL;
    const enum ffitap_status status = ffitap_callback_create(
        handle_nothing, NULL, FFITAP_CDLL, TYPE(INT), types, 2, 0, &callback, error);

    ffitap_callback_destroy(callback);
    return status;
}

Test(core_no_memory, for_a_callback)
{
    fail_each_allocation_of(create_callback);
}

static enum ffitap_status create_declared_callback(struct ffitap_error *error)
{
    struct ffitap_callback *callback = NULL;
    const enum ffitap_status status = ffitap_callback_create_declared(
        handle_nothing, NULL, FFITAP_CDLL, "int f(void *, int)", NULL, 0, &callback, error);

    ffitap_callback_destroy(callback);
    return status;
}

Test(core_no_memory, for_a_callback_of_a_prototype)
{
    fail_each_allocation_of(create_declared_callback);
}

static enum ffitap_status create_types(struct ffitap_error *error)
{
    struct ffitap_type *array = NULL, *both = NULL, *either = NULL;
    enum ffitap_status status = ffitap_type_create_array(TYPE(INT), 3, &array, error);
    const struct ffitap_field fields[] = {{"count", TYPE(INT)}, {"values", array}};

    if (status == FFITAP_OK)
        status = ffitap_type_create_struct(fields, 2, &both, error);
    if (status == FFITAP_OK)
        status = ffitap_type_create_union(fields, 2, &either, error);
    ffitap_type_destroy(array);
    ffitap_type_destroy(both);
    ffitap_type_destroy(either);
    return status;
}

Test(core_no_memory, for_structures_unions_and_arrays)
{
    fail_each_allocation_of(create_types);
}

static enum ffitap_status name_types(struct ffitap_error *error)
{
    struct ffitap_names *names = NULL;
    enum ffitap_status status = ffitap_names_create(&names, error);

    if (status == FFITAP_OK)
        status = ffitap_names_add(names, "number", TYPE(INT), error);
    if (status == FFITAP_OK)
        status = ffitap_names_add(names, "struct number", TYPE(INT), error);
    ffitap_names_destroy(names);
    return status;
}

Test(core_no_memory, for_names_of_types)
{
    fail_each_allocation_of(name_types);
}

static enum ffitap_status declare_by_text(struct ffitap_error *error)
{
    struct ffitap_function *function = NULL;
    enum ffitap_status status = ffitap_function_create(native, "answer", &function, error);

    if (status == FFITAP_OK)
        status = ffitap_function_declare(
            function, "int answer(int, int, int, int, int, int, int, int, int)", NULL, error);
    ffitap_function_destroy(function);
    return status;
}

Test(core_no_memory, for_a_prototype)
{
    fail_each_allocation_of(declare_by_text);
}

Test(core_no_memory, a_refused_type_leaves_the_former_ones)
{
    struct ffitap_function *same = borrow_same(native, "same_int", FFITAP_TYPE_INT);
    int value = 5, result = 0;

    until_failure = 1;
    cr_expect(eq(int, ffitap_function_set_result(same, TYPE(DOUBLE), NULL), FFITAP_NO_MEMORY));
    until_failure = 0;
    cr_expect(eq(int, ffitap_function_call(same, &result, (void *[]){&value}, 1, NULL), FFITAP_OK));
    cr_expect(eq(int, result, 5));
}

Test(core_no_memory, is_no_matter_for_a_call)
{
    struct ffitap_function *add_up = borrow(native, "add_up");
    const struct ffitap_type *types[] = {TYPE(STRING), TYPE(INT)};
    char *format = "i";
    int value = 5;
    double sum = 0;
    void *arguments[] = {&format, &value};

    cr_assert(eq(int, ffitap_function_set_result(add_up, TYPE(DOUBLE), NULL), FFITAP_OK));
    cr_assert(eq(int, ffitap_function_set_arguments(add_up, types, 1, NULL), FFITAP_OK));
    until_failure = 1;
    cr_expect(eq(int, ffitap_function_call_extra(add_up, &sum, arguments, 2, types + 1, NULL),
                 FFITAP_OK));
    cr_expect(not(failed));
    until_failure = 0;
    cr_expect(eq(dbl, sum, 5));
}
