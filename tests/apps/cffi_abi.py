"""What cffi does in ABI mode, printed: calls, errno, structures, callbacks, data, handles, errors."""

import gc
import threading

import cffi

ffi = cffi.FFI()
ffi.cdef("""
    typedef struct { int quot; int rem; } div_t;
    typedef struct { long tv_sec; long tv_nsec; } timespec_t;
    typedef int (*compare_t)(const void *, const void *);
    div_t div(int, int);
    double sqrt(double);
    float fabsf(float);
    int abs(int);
    long labs(long);
    int close(int);
    int snprintf(char *, size_t, const char *, ...);
    size_t strlen(const char *);
    char *strchr(const char *, int);
    void qsort(void *, size_t, size_t, compare_t);
    void *bsearch(const void *, const void *, size_t, size_t, compare_t);
    int usleep(unsigned);
    int no_such_function(int);
    extern char **environ;
    extern int no_such_variable;
    void *memcpy(void *, const void *, size_t);
    _Bool isatty(int);
""")
program = ffi.dlopen(None)
math = ffi.dlopen("libm.so.6")
c = ffi.dlopen("libc.so.6", ffi.RTLD_NOW | ffi.RTLD_LOCAL)


def failing(what, *arguments):
    try:
        return what(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)


def calls():
    quotient = c.div(17, 5)
    print(quotient.quot, quotient.rem, math.sqrt(2.0), math.fabsf(-1.5), c.labs(-(2**40)))
    print(c.strlen(b"seven l"), ffi.string(c.strchr(b"abcdef", ord("d"))))
    buffer = ffi.new("char[]", 64)
    print(c.snprintf(buffer, 64, b"%d %s %.3f", ffi.cast("int", 42), ffi.new("char[]", b"text"),
                     ffi.cast("double", 1.5)), ffi.string(buffer))
    print(failing(c.abs), failing(c.abs, "text"), failing(c.abs, 2**40))
    print(failing(c.abs, 1.5))


def errors():
    ffi.errno = 5
    print(c.close(-1), ffi.errno)
    c.abs(1)
    print("kept", ffi.errno)
    ffi.errno = 0
    print(failing(getattr, c, "no_such_function"), failing(getattr, c, "no_such_variable"))
    print(failing(ffi.dlopen, "libffitap-does-not-exist.so.9"))
    print(failing(getattr, c, "not_declared"))


def callbacks():
    seen = []

    @ffi.callback("compare_t")
    def compare(one, other):
        seen.append(ffi.errno)
        ffi.errno = len(seen)
        return ffi.cast("int *", one)[0] - ffi.cast("int *", other)[0]

    numbers = ffi.new("int[]", [5, 3, 9, 1, 7])
    ffi.errno = 77
    c.qsort(numbers, 5, 4, compare)
    print(list(numbers), len(seen), seen[0], ffi.errno)
    wanted = ffi.new("int *", 7)
    print(ffi.cast("int *", c.bsearch(wanted, numbers, 5, 4, compare)) - numbers)

    @ffi.callback("int(int)", error=-7, onerror=lambda *what: print("raised", what[0].__name__))
    def broken(value):
        return 10 // value

    print(broken(5), broken(0))
    print([ffi.callback("int(int)", lambda value, i=i: value * i)(2) for i in range(50)][-1])
    gc.collect()


def deeply():
    @ffi.callback("int(int)")
    def descend(depth):
        return descend(depth - 1) + 1 if depth else 0

    print("deeply", descend(100))


def data():
    print(c.environ != ffi.NULL, ffi.typeof(c.environ).cname)
    copied = ffi.new("timespec_t *")
    c.memcpy(copied, ffi.new("timespec_t *", {"tv_sec": 3, "tv_nsec": 4}), ffi.sizeof("timespec_t"))
    print(copied.tv_sec, copied.tv_nsec, ffi.sizeof("timespec_t"))
    handle = ffi.new_handle(seen := ["an object"])
    print(ffi.from_handle(handle) is seen, c.isatty(99))


def threads():
    sums = []

    def work():
        sums.append(sum(c.abs(-i) for i in range(200)))
        c.usleep(100)

    all_of_them = [threading.Thread(target=work) for _ in range(4)]
    for thread in all_of_them:
        thread.start()
    for thread in all_of_them:
        thread.join()
    print(sums)


def closed():
    library = ffi.dlopen("libm.so.6")
    print(library.sqrt(4.0))
    ffi.dlclose(library)
    print(failing(getattr, library, "fabsf"))
    print(program.labs(-9))


for part in calls, errors, callbacks, deeply, data, threads, closed:
    print(part.__name__)
    part()
