"""A small bookshop's nightly job, all of its work done by C libraries through ctypes.

Four threads each load a few thousand orders into an SQLite database of their own, add them up row
by row, and pack the day's log with zlib; then the job waits for a slow device and looks for
configuration files that are not there.
"""

import ctypes
import os
import sys
import threading

SQLITE_ROW, SQLITE_DONE = 100, 101
THREADS = 4
ORDERS = 2000
MISSING = ("/etc/bookshop.conf", "/usr/local/etc/bookshop.conf", "/opt/bookshop/conf")


class Database:
    """As much of SQLite's C interface as the job needs."""

    def __init__(self, path):
        self.lib = lib = ctypes.CDLL("libsqlite3.so.0")
        lib.sqlite3_column_int64.restype = ctypes.c_int64
        lib.sqlite3_errmsg.restype = ctypes.c_char_p
        self.handle = ctypes.c_void_p()
        self.check(lib.sqlite3_open(path.encode(), ctypes.byref(self.handle)))

    def check(self, code):
        if code not in (0, SQLITE_ROW, SQLITE_DONE):
            raise RuntimeError(self.lib.sqlite3_errmsg(self.handle).decode())
        return code

    def execute(self, sql):
        self.check(self.lib.sqlite3_exec(self.handle, sql.encode(), None, None, None))

    def insert(self, sql, rows):
        statement = self.prepare(sql)
        for row in rows:
            for place, value in enumerate(row, 1):
                self.lib.sqlite3_bind_int64(statement, place, ctypes.c_int64(value))
            self.check(self.lib.sqlite3_step(statement))
            self.lib.sqlite3_reset(statement)
        self.lib.sqlite3_finalize(statement)

    def rows(self, sql, columns):
        statement = self.prepare(sql)
        column = self.lib.sqlite3_column_int64
        while self.check(self.lib.sqlite3_step(statement)) == SQLITE_ROW:
            yield tuple(column(statement, place) for place in range(columns))
        self.lib.sqlite3_finalize(statement)

    def prepare(self, sql):
        statement = ctypes.c_void_p()
        self.check(
            self.lib.sqlite3_prepare_v2(self.handle, sql.encode(), -1, ctypes.byref(statement), None)
        )
        return statement

    def close(self):
        self.check(self.lib.sqlite3_close(self.handle))


class Archive:
    """zlib's one-call compression and its checksum."""

    def __init__(self):
        self.lib = lib = ctypes.CDLL("libz.so.1")
        lib.compressBound.restype = lib.crc32.restype = ctypes.c_ulong

    def pack(self, data):
        size = ctypes.c_ulong(self.lib.compressBound(ctypes.c_ulong(len(data))))
        packed = ctypes.create_string_buffer(size.value)
        if self.lib.compress(packed, ctypes.byref(size), data, ctypes.c_ulong(len(data))) != 0:
            raise RuntimeError("zlib cannot compress")
        return packed.raw[: size.value]

    def checksum(self, data):
        return self.lib.crc32(ctypes.c_ulong(0), data, len(data))


def work(shop, results):
    database = Database(":memory:")
    database.execute("CREATE TABLE orders (book INTEGER, copies INTEGER, cents INTEGER)")
    database.execute("BEGIN")
    orders = ((shop * ORDERS + n, n % 7 + 1, 500 + n * 13 % 3000) for n in range(ORDERS))
    database.insert("INSERT INTO orders VALUES (?, ?, ?)", orders)
    database.execute("COMMIT")

    log, total = [], 0
    for book, copies, cents in database.rows("SELECT book, copies, cents FROM orders", 3):
        total += copies * cents
        log.append(b"book %d: %d copies at %d\n" % (book, copies, cents))
    database.close()

    archive = Archive()
    packed = [archive.pack(b"".join(log[part : part + 200])) for part in range(0, ORDERS, 200)]
    results[shop] = total, sum(map(len, packed)), archive.checksum(b"".join(packed))


def wait_for_device(libc):
    """poll(2) blocks in native code: the interpreter lock is free meanwhile."""
    for _ in range(5):
        libc.poll(None, ctypes.c_ulong(0), 20)


def find_configuration(libc):
    for path in MISSING:
        if libc.open(path.encode(), os.O_RDONLY) < 0:
            print(f"{path}: {os.strerror(ctypes.get_errno())}")


def main():
    results = {}
    threads = [threading.Thread(target=work, args=(shop, results)) for shop in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) != THREADS:
        return 1
    for shop, (total, size, checksum) in sorted(results.items()):
        print(f"shop {shop}: {total / 100:.2f} taken, log packed to {size} bytes, crc {checksum:08x}")

    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    wait_for_device(libc)
    find_configuration(libc)
    return 0


if __name__ == "__main__":
    sys.exit(main())
