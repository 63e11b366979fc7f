"""What a foreign call costs untraced, under the dormant shim and recorded, and what one LTTng event
of the same payload costs by itself.

Everything is measured in one run, in turns, several times over: read the ratios, not the figures,
which are this machine's of this minute. Wants FFITAP_BUILD, the build folder.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("FFITAP_BUILD", "build"))
FFITAP = BUILD / "bin" / "ffitap"
SHIM = next(BUILD.glob("lib*/**/libffitap-shim.so"))
BARE_EVENT = BUILD / "tests" / "bench" / "bare_event"
PYTHON = "/usr/bin/python3"
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
CALLS = 300_000

# The best of five: what the call costs when nothing else disturbs it.
LOOP = f"""
import ctypes, time
def best_ns(library):
    absolute, three = library.abs, ctypes.c_int(-3)
    def once():
        begun = time.perf_counter()
        for _ in range({CALLS}):
            absolute(three)
        return (time.perf_counter() - begun) / {CALLS} * 1e9
    return min(once() for _ in range(5))
print(best_ns(ctypes.CDLL("libc.so.6")))
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
    loop = (PYTHON, "-c", LOOP)
    dormant = dict(os.environ, LD_PRELOAD=str(SHIM))
    figures = {"untraced": [], "dormant": [], "recorded": [], "bare event": []}
    with tempfile.TemporaryDirectory(prefix="ffitap-bench-") as name:
        folder = pathlib.Path(name)
        for _ in range(ROUNDS):
            figures["untraced"].append(measure(loop))
            figures["dormant"].append(measure(loop, dormant))
            figures["recorded"].append(recorded(folder, *loop))
            figures["bare event"].append(recorded(folder, BARE_EVENT, str(CALLS)))

    middle = {what: statistics.median(values) for what, values in figures.items()}
    print(f"{ROUNDS} rounds of 5 x {CALLS} calls of libc's abs through ctypes; ns each, median (range)")
    for what, values in figures.items():
        print(f"  {what:<12}{middle[what]:8.1f}   ({min(values):.1f} to {max(values):.1f})")
    added = middle["recorded"] - middle["untraced"]
    print(f"  dormant  / untraced             {middle['dormant'] / middle['untraced']:6.2f}")
    print(f"  recorded / untraced             {middle['recorded'] / middle['untraced']:6.2f}")
    print(f"  added by recording / bare event {added / middle['bare event']:6.2f}")


if __name__ == "__main__":
    main()
