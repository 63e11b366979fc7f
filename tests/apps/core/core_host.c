/*
 * A program that calls native libraries through the core, a known number of times. What must be in
 * the trace stands in tests/e2e/core_trace.sh. Prints nothing unless something goes wrong. With an
 * argument it then makes one more call of each function every time it is sent a line.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ffitap/ffitap.h>

static void check(enum ffitap_status status, const struct ffitap_error *error)
{
    if (status == FFITAP_OK)
        return;
    fprintf(stderr, "core_host: %s: %s\n", ffitap_status_text(status), error->text);
    exit(1);
}

static struct ffitap_library *open_library(const char *name, unsigned flags)
{
    struct ffitap_library *library;
    struct ffitap_error error = {0};

    check(ffitap_library_create(name, FFITAP_CDLL, 0, flags, &library, &error), &error);
    return library;
}

static struct ffitap_function *borrow(struct ffitap_library *library, const char *name)
{
    struct ffitap_function *function;
    struct ffitap_error error = {0};

    check(ffitap_function_borrow(library, name, &function, &error), &error);
    return function;
}

static struct ffitap_function *create(struct ffitap_library *library, const char *name)
{
    struct ffitap_function *function;
    struct ffitap_error error = {0};

    check(ffitap_function_create(library, name, &function, &error), &error);
    return function;
}

static struct ffitap_function *typed(struct ffitap_function *function,
                                     enum ffitap_basic_type result, enum ffitap_basic_type argument)
{
    const struct ffitap_type *type = ffitap_type_borrow(argument);
    struct ffitap_error error = {0};

    check(ffitap_function_set_result(function, ffitap_type_borrow(result), &error), &error);
    check(ffitap_function_set_arguments(function, &type, 1, &error), &error);
    return function;
}

static void call(struct ffitap_function *function, void *result, void *argument, int times)
{
    struct ffitap_error error = {0};
    void *arguments[] = {argument};

    for (int i = 0; i < times; i++)
        check(ffitap_function_call(function, result, arguments, 1, &error), &error);
}

static struct ffitap_callback *create_callback(ffitap_handler *handler,
                                               enum ffitap_basic_type result, size_t count)
{
    const struct ffitap_type *pointer = ffitap_type_borrow(FFITAP_TYPE_POINTER);
    const struct ffitap_type *types[] = {pointer, pointer};
    struct ffitap_callback *callback;
    struct ffitap_error error = {0};

    check(ffitap_callback_create(handler, NULL, FFITAP_CDLL, ffitap_type_borrow(result), types,
                                 count, 0, &callback, &error),
          &error);
    return callback;
}

/* Takes long enough to be told from the search that calls it. */
static void compare(void *result, void *const *arguments, void *data)
{
    const int *const *numbers = (const int *const *)(const void *)arguments[0];
    const int *const *others = (const int *const *)(const void *)arguments[1];

    (void)data;
    usleep(100);
    *(int *)result = (**numbers > **others) - (**numbers < **others);
}

static void start_thread(void *result, void *const *arguments, void *data)
{
    (void)data;
    *(void **)result = *(void **)arguments[0];
}

static void expect(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "core_host: wrong: %s\n", what);
    exit(1);
}

/* bsearch(3), which compares once if there is one to compare with. */
static struct ffitap_function *borrow_search(struct ffitap_library *libc)
{
    const struct ffitap_type *pointer = ffitap_type_borrow(FFITAP_TYPE_POINTER);
    const struct ffitap_type *size = ffitap_type_borrow(FFITAP_TYPE_SIZE);
    const struct ffitap_type *types[] = {pointer, pointer, size, size, pointer};
    struct ffitap_function *search = borrow(libc, "bsearch");
    struct ffitap_error error = {0};

    check(ffitap_function_set_result(search, pointer, &error), &error);
    check(ffitap_function_set_arguments(search, types, 5, &error), &error);
    return search;
}

static void search_times(struct ffitap_function *search, const struct ffitap_callback *comparison,
                         int times)
{
    struct ffitap_error error = {0};
    int number = 7, numbers[] = {7};
    int *key = &number, *base = numbers, *found = NULL;
    size_t count = 1, size = sizeof(int);
    void *code = ffitap_callback_get_code(comparison);
    void *arguments[] = {&key, &base, &count, &size, &code};

    for (int i = 0; i < times; i++)
        check(ffitap_function_call(search, &found, arguments, 5, &error), &error);
    expect(found == numbers, "bsearch");
}

/* A thread begins in this callback: none of the program's calls led to it. */
static void run_thread(const struct ffitap_callback *start)
{
    void *(*code)(void *);
    void *result = NULL;
    pthread_t thread;

    *(void **)&code = ffitap_callback_get_code(start);
    expect(pthread_create(&thread, NULL, code, &code) == 0, "a thread");
    pthread_join(thread, &result);
    expect(result == &code, "what a thread returns");
}

static void expect_failures(struct ffitap_library *library)
{
    struct ffitap_library *absent_library;
    struct ffitap_function *absent;

    expect(ffitap_library_create("libabsent-ffitap.so", FFITAP_CDLL, 0, 0, &absent_library, NULL) ==
               FFITAP_LOAD_FAILED,
           "a library that is not there");
    expect(ffitap_function_borrow(library, "absent_function", &absent, NULL) == FFITAP_NOT_FOUND,
           "a function that is not there");
}

/* Four loads, one of them in vain; eight fresh lookups, one of them in vain; three cached ones. */
int main(int argc, char **argv)
{
    struct ffitap_library *libm = open_library("libm.so.6", 0);
    struct ffitap_library *zlib = open_library("libz.so.1", 0);
    struct ffitap_library *libc = open_library("libc.so.6", FFITAP_USE_ERRNO);

    expect_failures(libm);

    struct ffitap_function *root =
        typed(borrow(libm, "sqrt"), FFITAP_TYPE_DOUBLE, FFITAP_TYPE_DOUBLE);
    struct ffitap_function *cube_root =
        typed(borrow(libm, "cbrt"), FFITAP_TYPE_DOUBLE, FFITAP_TYPE_DOUBLE);
    struct ffitap_function *bound =
        typed(borrow(zlib, "compressBound"), FFITAP_TYPE_ULONG, FFITAP_TYPE_ULONG);
    struct ffitap_function *close_fd =
        typed(borrow(libc, "close"), FFITAP_TYPE_INT, FFITAP_TYPE_INT);
    struct ffitap_function *absolute = typed(create(libc, "abs"), FFITAP_TYPE_INT, FFITAP_TYPE_INT);
    struct ffitap_function *same_root =
        typed(create(libm, "sqrt"), FFITAP_TYPE_DOUBLE, FFITAP_TYPE_DOUBLE);

    struct ffitap_function *search = borrow_search(libc);
    struct ffitap_callback *comparison = create_callback(compare, FFITAP_TYPE_INT, 2);
    struct ffitap_callback *start = create_callback(start_thread, FFITAP_TYPE_POINTER, 1);

    for (int i = 0; i < 3; i++)
        expect(borrow(libm, "sqrt") == root, "a cached function");

    double number = 64, result = 0;
    unsigned long size = 1000, size_bound = 0;
    int no_fd = -1, status = 0;
    char line[16];

    do {
        call(root, &result, &number, 100);
        expect(result == 8, "sqrt");
        call(same_root, &result, &number, 10);
        call(cube_root, &result, &number, 50);
        expect(result == 4, "cbrt");
        call(bound, &size_bound, &size, 20);
        expect(size_bound > size, "compressBound");
        call(close_fd, &status, &no_fd, 5);
        expect(status == -1 && ffitap_get_errno() != 0, "close of no descriptor");
        call(absolute, &status, &no_fd, 7);
        expect(status == 1, "abs");
        search_times(search, comparison, 30);
        run_thread(start);
        if (argc > 1) {
            puts(argv[1]);
            fflush(stdout);
        }
    } while (argc > 1 && fgets(line, sizeof(line), stdin));

    ffitap_callback_destroy(comparison);
    ffitap_callback_destroy(start);
    ffitap_function_destroy(absolute);
    ffitap_function_destroy(same_root);
    ffitap_library_destroy(libm);
    ffitap_library_destroy(zlib);
    ffitap_library_destroy(libc);
    return 0;
}
