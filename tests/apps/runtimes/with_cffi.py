"""The same numbers from every runtime, this one cffi in ABI mode: see e2e/runtime.py."""

from cffi import FFI

ffi = FFI()
ffi.cdef(
    """
    double cos(double);
    unsigned long crc32(unsigned long, const char *, unsigned int);
    int usleep(unsigned int);
    void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
    int sqlite3_open(const char *, void **);
    int sqlite3_exec(void *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    int sqlite3_close(void *);
    void ffitap_no_such_function(void);
    """
)
libc = ffi.dlopen("libc.so.6")
libm = ffi.dlopen("libm.so.6")
libz = ffi.dlopen("libz.so.1")
sqlite = ffi.dlopen("libsqlite3.so.0")

# Calls.
total = sum(libm.cos(i) for i in range(100))
crc = 0
for _ in range(200):
    crc = libz.crc32(crc, b"ffitap", 6)
for _ in range(5):
    libc.usleep(2000)

# Callbacks.
compared = 0


@ffi.callback("int(const void *, const void *)")
def compare(one, other):
    global compared
    compared += 1
    return ffi.cast("int *", one)[0] - ffi.cast("int *", other)[0]


numbers = ffi.new("int[64]", [i * 37 % 64 for i in range(64)])
libc.qsort(numbers, 64, 4, compare)

rows = []


@ffi.callback("int(void *, int, char **, char **)")
def row(data, count, values, names):
    rows.append(ffi.string(values[0]).decode())
    return 0


database = ffi.new("void **")
sqlite.sqlite3_open(b":memory:", database)
for statement in (
    b"create table numbers (value)",
    b"insert into numbers values (1), (2), (3), (5), (8)",
    b"select value from numbers",
):
    sqlite.sqlite3_exec(database[0], statement, row, ffi.NULL, ffi.NULL)
sqlite.sqlite3_close(database[0])

# Failures.
try:
    libc.ffitap_no_such_function
except AttributeError:
    pass
try:
    ffi.dlopen("libffitap-does-not-exist.so.1")
except OSError:
    pass

print(f"{total:.4f} {crc:08x} {compared} {','.join(rows)}")
