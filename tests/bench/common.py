"""What the benchmarks have in common: where the build is, and how to time a command."""

import os
import pathlib
import subprocess
import sys

BUILD = pathlib.Path(os.environ.get("FFITAP_BUILD", "build"))
FFITAP = BUILD / "bin" / "ffitap"
PYTHON = "/usr/bin/python3"
CALLS = 100_000

# The best of five: what the call costs when nothing else disturbs it.
BEST = f"""
import ctypes, time
def best_ns(function, argument):
    def once():
        begun = time.perf_counter()
        for _ in range({CALLS}):
            function(argument)
        return (time.perf_counter() - begun) / {CALLS} * 1e9
    return min(once() for _ in range(5))
absolute = ctypes.CDLL("libc.so.6").abs
"""
CALL = BEST + "print(best_ns(absolute, ctypes.c_int(-3)))"


def measure(command, environment=None):
    """The figures that `command` prints."""
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr}")
    return [float(figure) for figure in done.stdout.split()]


def recorded(folder, *command):
    return measure([FFITAP, "record", "-o", folder / "data", "--", *command])
