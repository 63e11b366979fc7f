"""One process of `ffitap bench`: what calls.c is to C, this is to Python's ctypes."""

import itertools
import os
import signal
import sys
import time

LINE = int(sys.argv[1])


def answer(text):
    os.write(LINE, f"{text}\n".encode())


def elapsed_ns(function, argument, calls):
    rounds = itertools.repeat(None, calls)
    begun = time.perf_counter()
    for _ in rounds:
        function(argument)
    return round((time.perf_counter() - begun) * 1e9)


def is_listening():
    """Whether a session wants the calls of this process. The tap says so, if it is in this
    process."""
    asks = getattr(ctypes.CDLL(None), "ffitap__lttng_asks_for_calls", None)
    return int(asks is not None and asks() & 1)


def serve():
    argument = ctypes.c_int(-3)
    functions = {"CDLL": ctypes.CDLL("libc.so.6").abs, "PyDLL": ctypes.PyDLL("libc.so.6").abs}
    answer("ready")
    for request in iter(lambda: os.read(LINE, 128).decode(), ""):
        if request == "listening\n":
            answer(is_listening())
            continue
        name, _, warm, calls = request.split()
        elapsed_ns(functions[name], argument, int(warm))
        answer(elapsed_ns(functions[name], argument, int(calls)))


# The bench deals with an interrupt. Without the bench this process has nothing to say.
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
try:
    import ctypes
except ImportError as error:
    answer(f"! {error}")
else:
    serve()
