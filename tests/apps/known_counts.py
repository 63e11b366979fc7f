"""Foreign calls whose numbers are known exactly; what the report must say is in e2e/known_counts.

Prints one line, so that its output can be compared with and without tracing. For every CPython from
2.7 on.
"""

import ctypes
import errno
import os
import threading
import zlib

CRC_CALLS = 1000
SLEEPS = 50
SLEEP_US = 2000
FAILED_OPENS = 10


def checksum(library):
    crc32 = library.crc32
    crc32.restype = ctypes.c_ulong
    data = bytes(bytearray(range(256))) * 16
    value = 0
    for _ in range(CRC_CALLS):
        value = crc32(ctypes.c_ulong(0), data, len(data))
    assert value == zlib.crc32(data) & 0xFFFFFFFF
    return value


def sleep_in_thread(libc):
    def sleep():
        usleep = libc.usleep
        for _ in range(SLEEPS):
            usleep(SLEEP_US)

    thread = threading.Thread(target=sleep)
    thread.start()
    thread.join()


def fail_to_open():
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    for _ in range(FAILED_OPENS):
        assert libc.open(b"/does/not/exist", os.O_RDONLY) == -1
        assert ctypes.get_errno() == errno.ENOENT
        ctypes.set_errno(0)


def fail_to_load():
    try:
        ctypes.CDLL("libffitap-does-not-exist.so.1")
    except OSError as error:
        return str(error)


def fail_to_look_up(libc):
    try:
        libc.ffitap_no_such_function
    except AttributeError as error:
        return str(error)


def main():
    libc = ctypes.CDLL("libc.so.6")
    value = checksum(ctypes.CDLL("libz.so.1"))
    sleep_in_thread(libc)
    fail_to_open()
    assert ctypes.PyDLL("libc.so.6").getpid() == os.getpid()
    print("{:#010x}; {}; {}".format(value, fail_to_load(), fail_to_look_up(libc)))


if __name__ == "__main__":
    main()
