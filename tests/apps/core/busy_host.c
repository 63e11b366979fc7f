/*
 * Makes foreign calls through the core from several threads until it is killed. It keeps a log that
 * outlives it: how many calls it was about to make, and how many it saw return. Arguments: the log,
 * a file that is there already and is long enough; how many threads; and how many children are
 * forked on the way, which do the same with one thread.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ffitap/ffitap.h>

enum { ABSOLUTE, ROOT, CLOSE, SEARCH, FUNCTION_COUNT };

#define CALLS_BETWEEN_FORKS 500

/* tests/e2e/test_stat_survives.py reads these two. */
struct slot {
    int32_t pid;
    int32_t tid;
    uint64_t begun[FUNCTION_COUNT];
    uint64_t returned[FUNCTION_COUNT];
};

struct log {
    _Atomic uint64_t used;
    struct slot slots[];
};

static struct log *log_of_calls;
static size_t slot_count;
static _Atomic int forks_left;
static struct ffitap_function *functions[FUNCTION_COUNT];

static void check(enum ffitap_status status, const struct ffitap_error *error)
{
    if (status == FFITAP_OK)
        return;
    fprintf(stderr, "busy_host: %s: %s\n", ffitap_status_text(status), error->text);
    exit(1);
}

static void expect(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "busy_host: wrong: %s\n", what);
    exit(1);
}

static struct slot *take_slot(void)
{
    const uint64_t index = atomic_fetch_add(&log_of_calls->used, 1);

    expect(index < slot_count, "the log's size");
    struct slot *slot = &log_of_calls->slots[index];
    slot->pid = getpid();
    slot->tid = gettid();
    return slot;
}

static void call(struct slot *slot, int which, void *result, void **arguments, size_t count)
{
    struct ffitap_error error = {0};

    slot->begun[which]++;
    atomic_signal_fence(memory_order_seq_cst);
    check(ffitap_function_call(functions[which], result, arguments, count, &error), &error);
    atomic_signal_fence(memory_order_seq_cst);
    slot->returned[which]++;
}

static int compare(const void *one, const void *other)
{
    return *(const int *)one - *(const int *)other;
}

static void call_each(struct slot *slot)
{
    int number = -7, result = 0;
    double square = 64, root = 0;
    int numbers[] = {-7}, *key = &number, *base = numbers, *found = NULL;
    size_t count = 1, size = sizeof(int);
    int (*comparison)(const void *, const void *) = compare;

    call(slot, ABSOLUTE, &result, (void *[]){&number}, 1);
    expect(result == 7, "abs");
    call(slot, ROOT, &root, (void *[]){&square}, 1);
    expect(root == 8, "sqrt");
    call(slot, CLOSE, &result, (void *[]){&number}, 1);
    expect(result == -1, "close of no descriptor");
    call(slot, SEARCH, &found, (void *[]){&key, &base, &count, &size, &comparison}, 5);
    expect(found == numbers, "bsearch");
}

static void *call_on(void *unused)
{
    struct slot *slot = take_slot();

    for (;;) {
        for (int i = 0; i < CALLS_BETWEEN_FORKS; i++)
            call_each(slot);
        if (atomic_load(&forks_left) > 0 && atomic_fetch_sub(&forks_left, 1) > 0 && fork() == 0) {
            atomic_store(&forks_left, 0);
            slot = take_slot();
        }
    }
    return unused;
}

static struct ffitap_library *open_library(const char *name, unsigned flags)
{
    struct ffitap_library *library;
    struct ffitap_error error = {0};

    check(ffitap_library_create(name, FFITAP_CDLL, 0, flags, &library, &error), &error);
    return library;
}

static void declare(int which, struct ffitap_library *library, const char *name, const char *types)
{
    struct ffitap_error error = {0};

    check(ffitap_function_borrow(library, name, &functions[which], &error), &error);
    check(ffitap_function_declare(functions[which], types, NULL, &error), &error);
}

static void declare_functions(void)
{
    struct ffitap_library *libc = open_library("libc.so.6", 0);

    declare(ABSOLUTE, libc, "abs", "int (int)");
    declare(ROOT, open_library("libm.so.6", 0), "sqrt", "double (double)");
    declare(CLOSE, open_library("libc.so.6", FFITAP_USE_ERRNO), "close", "int (int)");
    declare(SEARCH, libc, "bsearch", "void *(void *, void *, size_t, size_t, void *)");
}

static void open_log(const char *path)
{
    const int file = open(path, O_RDWR | O_CLOEXEC);
    struct stat status;

    expect(file >= 0 && fstat(file, &status) == 0, "the log");
    log_of_calls = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    expect(log_of_calls != MAP_FAILED, "the log's mapping");
    slot_count = ((size_t)status.st_size - sizeof(struct log)) / sizeof(struct slot);
    close(file);
}

int main(int argc, char **argv)
{
    pthread_t thread;

    expect(argc == 4, "the arguments");
    open_log(argv[1]);
    atomic_store(&forks_left, atoi(argv[3]));
    declare_functions();
    for (int i = 1; i < atoi(argv[2]); i++)
        expect(pthread_create(&thread, NULL, call_on, NULL) == 0, "a thread");
    call_on(NULL);
    return 0;
}
