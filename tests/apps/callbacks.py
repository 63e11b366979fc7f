"""Callbacks whose numbers are known exactly; what the report must say is in e2e/callbacks.

    callbacks.py LIBRARY [PART]

Prints one line per part, so that its output can be compared with and without tracing. For every
CPython from 2.7 on.
"""

from __future__ import print_function

import ctypes
import os
import sys
import threading
import time

INTEGER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)

library = ctypes.CDLL(sys.argv[1])


def sort():
    numbers = (ctypes.c_int * 100)(*[i * 37 % 100 for i in range(100)])
    compared = []

    def compare(one, other):
        compared.append(one)
        return one[0] - other[0]

    ctypes.CDLL("libc.so.6").qsort(numbers, 100, 4, COMPARE(compare))
    return len(compared), list(numbers) == list(range(100))


def sleep():
    def nap(value):
        time.sleep(0.02)
        return value

    return [library.call_back(INTEGER(nap), i) for i in range(5)]


# CPython 3.12 allows a thousand levels of its own C code, of which each of these takes two.
DEEPEST = 400 if sys.version_info[:2] == (3, 12) else 1000


def recurse(depth=DEEPEST):
    def step(left):
        return library.call_back(function, left - 1) + 1 if left else 0

    def start():
        results.append(library.call_back(function, depth - 1) + 1)

    results = []
    function = INTEGER(step)
    sys.setrecursionlimit(100000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    threading.stack_size(0)
    return results[0]


def strange_thread():
    double = INTEGER(lambda value: 2 * value)
    return [library.call_back_in_thread(double, i) for i in range(10)]


def resident_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def come_and_go(count=100000):
    """Returns whether the last nine tenths of the callbacks took memory."""
    total = 0
    for i in range(count):
        if i == count // 10:
            before = resident_kib()
        function = INTEGER(lambda value, i=i: value + i)
        if i % 100 == 0:
            total += library.call_back(function, 1)
    return total, resident_kib() - before < 1024


def fork():
    def split(value):
        child = os.fork()
        if child == 0:
            return library.call_back(INTEGER(lambda value: value + 1), value)
        return os.WEXITSTATUS(os.waitpid(child, 0)[1])

    parent = os.getpid()
    result = library.call_back(INTEGER(split), 5)
    if os.getpid() != parent:
        os._exit(result)
    return result


def held_lock():
    """A call that keeps the lock right after one whose callback gave it up at its end."""
    library.call_back(INTEGER(lambda value: value), 1)
    return ctypes.PyDLL("libc.so.6").abs(-3)


PARTS = [sort, sleep, recurse, strange_thread, come_and_go, fork, held_lock]

if __name__ == "__main__":
    for part in PARTS:
        if sys.argv[2:] in ([], [part.__name__]):
            print(part.__name__, part())
            sys.stdout.flush()
