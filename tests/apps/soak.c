/*
 * Does everything at once for a while: calls, calls back, loads, unloads, forks, in many threads
 * and under signals. The program counts its work, and its own size, in a log that its children
 * share and that is left when the program ends. Arguments: the log, a file that is there already
 * and is long enough; for how many seconds to run; a folder with a library for each thread, "0.so"
 * and so on, which has the functions of thousand_functions.c; for how many microseconds each thread
 * rests in a round.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ffi.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREAD_COUNT      8
#define CALLS_AT_ONCE     64
#define SORTED            8
#define LOADED_FUNCTIONS  4
#define ROUNDS_PER_LOAD   16
#define ROUNDS_PER_JUMP   64
#define ROUNDS_PER_THREAD 256
#define FORK_PERIOD_NS    250000000 /* of each thread */
#define SIGNAL_PERIOD_US  5000

/* How much the process has of each thing that must not become more and more. */
struct size {
    uint64_t rss_kib;
    uint64_t mappings;
    uint64_t descriptors;
    uint64_t file_kib; /* of the statistics */
    uint64_t threads;  /* that have come and gone */
};

/* tests/e2e/test_soak.py reads this. */
struct log {
    _Atomic uint64_t absolute; /* calls of abs */
    _Atomic uint64_t nested;   /* of labs, in callbacks */
    _Atomic uint64_t sorts;    /* of qsort */
    _Atomic uint64_t loaded;   /* of functions of libraries that come and go */
    _Atomic uint64_t in_handler;
    _Atomic uint64_t in_short_thread;
    _Atomic uint64_t in_program; /* that a child runs */
    _Atomic uint64_t callbacks;  /* that returned */
    _Atomic uint64_t jumps;      /* out of callbacks that did not return */
    _Atomic uint64_t loads;
    _Atomic uint64_t failed_loads;
    _Atomic uint64_t unloads;
    _Atomic uint64_t lookups; /* in libraries that come and go */
    _Atomic uint64_t forks;
    struct size sizes[2]; /* half way, and at the end */
};

struct closure {
    ffi_closure *memory;
    void *code;
};

struct worker {
    int index;
    struct closure closure;
    uint64_t round;
    int64_t forked_ns;
    pthread_t thread;
};

/* The way out of a callback. */
static __thread jmp_buf *way_out;

static struct log *counts;
static const char *own_path, *log_path, *folder;
static int64_t end_ns;
static unsigned rest_us;
static void *absolute, *absolute_long, *sort_array, *find_bit, *is_ascii, *parent_of;
static ffi_cif takes_int, takes_long, takes_nothing, sorts, compares;

static void expect(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "soak: wrong: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void get_ready(void)
{
    static ffi_type *an_int[] = {&ffi_type_sint};
    static ffi_type *a_long[] = {&ffi_type_slong};
    static ffi_type *two_pointers[] = {&ffi_type_pointer, &ffi_type_pointer};
    static ffi_type *an_array[] = {&ffi_type_pointer, &ffi_type_ulong, &ffi_type_ulong,
                                   &ffi_type_pointer};

    expect(ffi_prep_cif(&takes_int, FFI_DEFAULT_ABI, 1, &ffi_type_sint, an_int) == FFI_OK &&
               ffi_prep_cif(&takes_long, FFI_DEFAULT_ABI, 1, &ffi_type_slong, a_long) == FFI_OK &&
               ffi_prep_cif(&takes_nothing, FFI_DEFAULT_ABI, 0, &ffi_type_sint, NULL) == FFI_OK &&
               ffi_prep_cif(&compares, FFI_DEFAULT_ABI, 2, &ffi_type_sint, two_pointers) ==
                   FFI_OK &&
               ffi_prep_cif(&sorts, FFI_DEFAULT_ABI, 4, &ffi_type_void, an_array) == FFI_OK,
           "ffi_prep_cif");
}

/* Looks the functions up, so that ffitap knows them by these names. */
static void find_functions(void)
{
    void *libc = dlopen("libc.so.6", RTLD_NOW);

    expect((absolute = dlsym(libc, "abs")) && (absolute_long = dlsym(libc, "labs")) &&
               (sort_array = dlsym(libc, "qsort")) && (find_bit = dlsym(libc, "ffs")) &&
               (is_ascii = dlsym(libc, "isascii")) && (parent_of = dlsym(libc, "getppid")),
           "functions of libc");
}

static void call_with_int(void *function, int argument, int expected, _Atomic uint64_t *count)
{
    ffi_arg result = 0;

    errno = argument;
    ffi_call(&takes_int, FFI_FN(function), &result, (void *[]){&argument});
    atomic_fetch_add(count, 1);
    expect((int)result == expected && errno == argument, "a call");
}

static void call_nested(void)
{
    long argument = -12345678901, result = 0;

    ffi_call(&takes_long, FFI_FN(absolute_long), &result, (void *[]){&argument});
    atomic_fetch_add(&counts->nested, 1);
    expect(result == 12345678901, "a nested call");
}

static void compare(ffi_cif *cif, void *result, void **arguments, void *data)
{
    const int one = **(int **)arguments[0], other = **(int **)arguments[1];

    (void)cif;
    expect(data == counts, "a closure's data");
    call_nested();
    if (way_out)
        longjmp(*way_out, 1);
    *(ffi_arg *)result = (ffi_arg)((one > other) - (one < other));
    atomic_fetch_add(&counts->callbacks, 1);
}

static void make_closure(struct closure *closure)
{
    closure->memory = ffi_closure_alloc(sizeof(ffi_closure), &closure->code);
    expect(closure->memory && ffi_prep_closure_loc(closure->memory, &compares, compare, counts,
                                                   closure->code) == FFI_OK,
           "ffi_prep_closure_loc");
}

static void call_sort(const struct closure *closure, int *numbers)
{
    size_t count = SORTED, size = sizeof(*numbers);

    ffi_call(&sorts, FFI_FN(sort_array), NULL,
             (void *[]){&numbers, &count, &size, (void *)&closure->code});
    atomic_fetch_add(&counts->sorts, 1);
}

static void sort(const struct closure *closure)
{
    int numbers[SORTED] = {5, 3, 8, 1, 7, 2, 6, 4};

    call_sort(closure, numbers);
    for (int i = 0; i < SORTED; i++)
        expect(numbers[i] == i + 1, "the order");
}

/* Jumps out of a callback. The call is over all the same, as the next call shows. */
static void jump_out(const struct closure *closure)
{
    int numbers[SORTED] = {2, 1};
    jmp_buf here;

    if (setjmp(here) == 0) {
        way_out = &here;
        call_sort(closure, numbers);
        expect(false, "the way out");
    }
    way_out = NULL;
    atomic_fetch_add(&counts->sorts, 1);
    atomic_fetch_add(&counts->jumps, 1);
    call_with_int(absolute, -1, 1, &counts->absolute);
}

static void call(void)
{
    for (int i = 1; i <= CALLS_AT_ONCE; i++)
        call_with_int(absolute, -i, i, &counts->absolute);
}

static void load_and_unload(const struct worker *worker)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%d.so", folder, worker->index);
    void *library = dlopen(path, RTLD_NOW);
    expect(library, path);
    atomic_fetch_add(&counts->loads, 1);
    for (int i = 0; i < LOADED_FUNCTIONS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "add_%03d", (int)(worker->round + (unsigned)i) % 40);
        void *function = dlsym(library, name);
        expect(function, name);
        atomic_fetch_add(&counts->lookups, 1);
        call_with_int(function, 1, atoi(name + 4) + 1, &counts->loaded);
    }
    expect(!dlsym(library, "no_such_function") && dlerror(), "a symbol that is not there");
    expect(dlclose(library) == 0, "dlclose");
    atomic_fetch_add(&counts->unloads, 1);
    expect(!dlopen("libffitap-does-not-exist.so", RTLD_NOW) && dlerror(), "no library");
    atomic_fetch_add(&counts->failed_loads, 1);
}

static void *call_in_thread(void *unused)
{
    call_with_int(is_ascii, 'a', 1, &counts->in_short_thread);
    return unused;
}

static void run_short_thread(void)
{
    pthread_t thread;

    expect(pthread_create(&thread, NULL, call_in_thread, NULL) == 0 &&
               pthread_join(thread, NULL) == 0,
           "a thread");
}

/* Ends the child in one of several ways, which take turns. exit(3) is none of them, because a load
 * in another thread may have held its lock at the fork. */
static void end_child(uint64_t turn)
{
    if (turn % 3 == 0)
        execl(own_path, own_path, log_path, NULL);
    if (turn % 3 == 1)
        kill(getpid(), SIGKILL);
    _exit(0);
}

static void fork_and_call(const struct worker *worker)
{
    const uint64_t turn = atomic_fetch_add(&counts->forks, 1);
    const pid_t child = fork();
    int status = 0;

    expect(child >= 0, "fork");
    if (child == 0) {
        call();
        sort(&worker->closure);
        end_child(turn);
    }
    while (waitpid(child, &status, 0) < 0)
        expect(errno == EINTR, "waitpid");
    expect(turn % 3 == 1 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0,
           "the end of a child");
}

static bool is_due(const struct worker *worker, unsigned rounds)
{
    return (worker->round + (unsigned)worker->index) % rounds == 0;
}

static void work_once(struct worker *worker)
{
    worker->round++;
    call();
    sort(&worker->closure);
    if (is_due(worker, 8)) {
        ffi_closure_free(worker->closure.memory);
        make_closure(&worker->closure);
    }
    if (is_due(worker, ROUNDS_PER_LOAD))
        load_and_unload(worker);
    if (is_due(worker, ROUNDS_PER_JUMP))
        jump_out(&worker->closure);
    if (is_due(worker, ROUNDS_PER_THREAD))
        run_short_thread();
    if (now_ns() - worker->forked_ns >= FORK_PERIOD_NS) {
        worker->forked_ns = now_ns();
        fork_and_call(worker);
    }
    if (rest_us)
        usleep(rest_us);
}

static void *work(void *data)
{
    struct worker *worker = data;

    make_closure(&worker->closure);
    worker->forked_ns = now_ns() + FORK_PERIOD_NS / THREAD_COUNT * worker->index;
    while (now_ns() < end_ns)
        work_once(worker);
    ffi_closure_free(worker->closure.memory);
    return NULL;
}

/*
 * Leaves errno as it was for the code that was interrupted, which looks at errno after every call.
 */
static void handle_signal(int number)
{
    const int saved = errno;
    ffi_arg result = 0;

    (void)number;
    ffi_call(&takes_nothing, FFI_FN(parent_of), &result, NULL);
    atomic_fetch_add(&counts->in_handler, 1);
    errno = saved;
}

static void start_signals(bool on)
{
    const struct sigaction action = {.sa_handler = handle_signal, .sa_flags = SA_RESTART};
    const struct timeval period = {0, on ? SIGNAL_PERIOD_US : 0};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){period, period}, NULL);
}

static uint64_t count_entries(const char *path)
{
    DIR *list = opendir(path);
    uint64_t count = 0;

    expect(list, path);
    while (readdir(list))
        count++;
    closedir(list);
    return count - 3; /* without ".", ".." and the descriptor that reads */
}

static uint64_t count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    uint64_t count = 0;
    int c;

    expect(file, path);
    while ((c = getc(file)) != EOF)
        count += c == '\n';
    fclose(file);
    return count;
}

static uint64_t rss_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    uint64_t kib = 0;

    expect(file, "/proc/self/status");
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = strtoul(line + 6, NULL, 10);
    fclose(file);
    return kib;
}

/* 0 where there are no statistics. */
static uint64_t file_kib(void)
{
    const char *statistics = getenv("FFITAP_STAT_DIR");
    struct stat status;
    char path[4096];

    snprintf(path, sizeof(path), "%s/%d.0.stat", statistics ? statistics : "", (int)getpid());
    return stat(path, &status) == 0 ? (uint64_t)status.st_blocks / 2 : 0;
}

static void measure(struct size *size)
{
    *size = (struct size){
        .rss_kib = rss_kib(),
        .mappings = count_lines("/proc/self/maps"),
        .descriptors = count_entries("/proc/self/fd"),
        .file_kib = file_kib(),
        .threads = atomic_load(&counts->in_short_thread),
    };
}

static void wait_until(int64_t moment_ns)
{
    while (now_ns() < moment_ns)
        usleep(1000);
}

/* Waits until a short-lived thread has worked. That is the rarest work: on a busy machine there may
 * be none even in half of the time. */
static void wait_for_short_thread(int64_t moment_ns)
{
    while (!atomic_load(&counts->in_short_thread) && now_ns() < moment_ns)
        usleep(1000);
}

static void open_log(const char *path)
{
    const int file = open(path, O_RDWR | O_CLOEXEC);

    expect(file >= 0, path);
    counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    expect(counts != MAP_FAILED, "the log's mapping");
    close(file);
}

static void run(double seconds)
{
    static struct worker workers[THREAD_COUNT];
    const int64_t start_ns = now_ns();

    end_ns = start_ns + (int64_t)(seconds * 1e9);
    for (int i = 0; i < THREAD_COUNT; i++) {
        workers[i].index = i;
        expect(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "a thread");
    }
    start_signals(true);
    const int64_t last_ns = end_ns - (end_ns - start_ns) / 20;
    wait_until(start_ns + (end_ns - start_ns) / 2);
    wait_for_short_thread(last_ns);
    measure(&counts->sizes[0]);
    wait_until(last_ns);
    measure(&counts->sizes[1]);
    for (int i = 0; i < THREAD_COUNT; i++)
        pthread_join(workers[i].thread, NULL);
    start_signals(false);
}

int main(int argc, char **argv)
{
    expect(argc == 2 || argc == 5, "the arguments");
    own_path = argv[0];
    log_path = argv[1];
    open_log(log_path);
    get_ready();
    find_functions();
    if (argc == 2) {
        call_with_int(find_bit, 8, 4, &counts->in_program);
        return 0;
    }
    folder = argv[3];
    rest_us = (unsigned)atoi(argv[4]);
    run(atof(argv[2]));
    return 0;
}
