"""The program that peers.py puts under each tool: one hot ctypes loop, and a few things to be seen.

    peers_loop.py RESULT CALLS ERRNO_CALLS LIBRARY NO_LIBRARY SECONDS

It loads LIBRARY and fails to load NO_LIBRARY, calls libc's abs in BATCHES times CALLS calls, and
chdir, which fails and exchanges errno, ERRNO_CALLS times. RESULT gets the nanoseconds of one call
of abs in the best batch, and the addresses of abs and chdir: so nothing but the tool's own output
is printed. At the end the process lives on for SECONDS, for tools that look names up in it.
"""

import ctypes
import sys
import time

# The batches are many, and each is shorter than the time that the scheduler gives a program at
# once, so that some are not disturbed.
BATCHES = 25


def address(function):
    """The address of the function. To have ctypes tell it would take one more foreign call."""
    return int.from_bytes(memoryview(function).tobytes(), sys.byteorder)


def batch_ns(function, argument, calls):
    begun = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    for _ in range(calls):
        function(argument)
    return (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begun) / calls


def main():
    result, calls, errno_calls, library, no_library, seconds = sys.argv[1:]
    hot = ctypes.CDLL("libc.so.6").abs
    failing = ctypes.CDLL("libc.so.6", use_errno=True).chdir
    ctypes.CDLL(library)
    try:
        ctypes.CDLL(no_library)
    except OSError:
        pass
    best = min(batch_ns(hot, ctypes.c_int(-3), int(calls)) for _ in range(BATCHES))
    for _ in range(int(errno_calls)):
        failing(b"/ffitap/no/such/folder")
    time.sleep(float(seconds))
    with open(result, "w") as file:
        print(best, hex(address(hot)), hex(address(failing)), file=file)


if __name__ == "__main__":
    main()
