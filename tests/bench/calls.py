"""What a foreign call costs untraced, under the dormant shim and recorded, and what one LTTng event
of the same payload costs by itself: in a loop in C, where everything stays in the caches, and in the
same loop in Python, where a recorded call emits it.

Everything is measured in one run, in turns, several times over: read the ratios, not the figures,
which are this machine's of this minute. Ratios are of the best figures: what disturbs a measurement
only ever adds to it. Wants FFITAP_BUILD, the build folder.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("FFITAP_BUILD", "build"))
FFITAP = BUILD / "bin" / "ffitap"
SHIM = next(BUILD.glob("lib*/**/libffitap-shim.so")).resolve()
TAP, PROVIDER = (SHIM.with_name(f"libffitap-{name}.so") for name in ("tap", "tracepoints"))
BARE_EVENT = BUILD / "tests" / "bench" / "bare_event"
PYTHON = "/usr/bin/python3"
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
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

# The shim is not there: nothing but the event is added to an untraced call.
EVENT = BEST + f"""
record = ctypes.byref(ctypes.create_string_buffer(256))
emit = ctypes.CDLL("{TAP}").ffitap__emit_call
print(best_ns(emit, record) - best_ns(absolute, record))
"""


def measure(command, environment=None):
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{command[0]}: {done.stderr}")
    return float(done.stdout.split()[-1])


def recorded(folder, *command):
    return measure([FFITAP, "record", "-o", folder / "data", "--", *command])


def main():
    call = (PYTHON, "-c", CALL)
    without_shim = ("/usr/bin/env", f"LD_PRELOAD={PROVIDER}")
    dormant = dict(os.environ, LD_PRELOAD=str(SHIM))
    figures = {name: [] for name in ("untraced", "dormant", "recorded", "event in C", "event here")}
    with tempfile.TemporaryDirectory(prefix="ffitap-bench-") as name:
        folder = pathlib.Path(name)
        for _ in range(ROUNDS):
            figures["untraced"].append(measure(call))
            figures["dormant"].append(measure(call, dormant))
            figures["recorded"].append(recorded(folder, *call))
            figures["event in C"].append(recorded(folder, BARE_EVENT, str(CALLS)))
            figures["event here"].append(recorded(folder, *without_shim, PYTHON, "-c", EVENT))

    best = {what: min(values) for what, values in figures.items()}
    print(f"{ROUNDS} rounds of 5 x {CALLS} calls of libc's abs through ctypes; ns each: best, median")
    for what, values in figures.items():
        print(f"  {what:<12}{best[what]:8.1f}{statistics.median(values):8.1f}")
    added = best["recorded"] - best["untraced"]
    print(f"  dormant / untraced                            {best['dormant'] / best['untraced']:6.2f}")
    print(f"  recorded / untraced                           {best['recorded'] / best['untraced']:6.2f}")
    print(f"  added by recording / one event, in this loop  {added / best['event here']:6.2f}")
    print(f"  added by recording / one event, in C          {added / best['event in C']:6.2f}")


if __name__ == "__main__":
    main()
