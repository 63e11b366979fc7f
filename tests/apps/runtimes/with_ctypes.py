"""The same numbers from every runtime, this one ctypes: see e2e/runtime.py. For every CPython from
2.7 on."""

import ctypes
import ctypes.util

libc = ctypes.CDLL("libc.so.6", use_errno=True)
libm = ctypes.CDLL("libm.so.6")
libz = ctypes.CDLL("libz.so.1")
sqlite = ctypes.CDLL("libsqlite3.so.0")

# Calls.
cos = libm.cos
cos.argtypes, cos.restype = [ctypes.c_double], ctypes.c_double
crc32 = libz.crc32
crc32.argtypes, crc32.restype = [ctypes.c_ulong, ctypes.c_char_p, ctypes.c_uint], ctypes.c_ulong
total = sum(cos(i) for i in range(100))
crc = 0
for _ in range(200):
    crc = crc32(crc, b"ffitap", 6)
for _ in range(5):
    libc.usleep(2000)

# Callbacks.
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)
numbers = (ctypes.c_int * 64)(*[i * 37 % 64 for i in range(64)])
compared = 0


def compare(one, other):
    global compared
    compared += 1
    return one[0] - other[0]


libc.qsort(numbers, 64, 4, COMPARE(compare))

ROW = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.POINTER(ctypes.c_char_p),
    ctypes.POINTER(ctypes.c_char_p),
)
rows = []
row = ROW(lambda data, count, values, names: rows.append(values[0].decode()) or 0)
database = ctypes.c_void_p()
sqlite.sqlite3_open(b":memory:", ctypes.byref(database))
for statement in (
    b"create table numbers (value)",
    b"insert into numbers values (1), (2), (3), (5), (8)",
    b"select value from numbers",
):
    sqlite.sqlite3_exec(database, statement, row, None, None)
sqlite.sqlite3_close(database)

# Failures.
try:
    libc.ffitap_no_such_function
except AttributeError:
    pass
try:
    ctypes.CDLL("libffitap-does-not-exist.so.1")
except OSError:
    pass

print("{:.4f} {:08x} {} {}".format(total, crc, compared, ",".join(rows)))
