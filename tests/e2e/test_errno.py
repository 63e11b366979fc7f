"""The report says what a call did to errno: the exchanges that ctypes makes, and no others."""

import errno

import harness

SCRIPT = """
import ctypes, os
swapping = ctypes.CDLL("libc.so.6", use_errno=True)
plain = ctypes.CDLL("libc.so.6")
held = ctypes.PyDLL("libc.so.6", use_errno=True)
for _ in range(3): swapping.close(-1)
for _ in range(2): swapping.open(b"/does/not/exist", 0)
ctypes.set_errno(0)
for _ in range(4): swapping.getppid()
for _ in range(5): plain.dup(-1)
for _ in range(6): held.rmdir(b"/does/not/exist")

# A callback that exchanges errno asks for it inside a call that does not.
prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, use_errno=True)
plain.qsort((ctypes.c_int * 2)(2, 1), 2, 4, prototype(lambda a, b: 0))
ctypes.PyDLL("libc.so.6").getpgrp()
"""


def outcomes(*rows):
    keys = "value", "name", "count", "unchanged"
    return [dict(zip(keys, row)) for row in rows]


class Errno(harness.Case):
    def setUp(self):
        super().setUp()
        self.record(harness.PYTHON, "-c", SCRIPT)
        self.document = self.report()

    def test_exchanges_are_told_by_outcome(self):
        expected = {
            "close": (3, outcomes((errno.EBADF, "EBADF", 3, 2))),
            "open": (2, outcomes((errno.ENOENT, "ENOENT", 2, 1))),
            "getppid": (4, outcomes((0, "0", 4, 4))),
            "dup": (0, []),
            "rmdir": (6, outcomes((errno.ENOENT, "ENOENT", 6, 5))),
            "qsort": (0, []),
            "getpgrp": (0, []),
        }
        for symbol, (swaps, values) in expected.items():
            found = self.function(self.document, symbol, "libc")["errno"]
            self.assertEqual((found["swaps"], found["values"]), (swaps, values), symbol)


if __name__ == "__main__":
    harness.main()
