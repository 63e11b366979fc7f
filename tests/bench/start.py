"""How long `python3 -c pass` takes from start to end: by itself, under ffitap stat and under ffitap
record, and what that adds.

Everything is measured in one run, in turns, several times over: read the differences, not the
figures, which are this machine's of this minute. Differences of the best and of the medians: what
disturbs a measurement only ever adds to it. Wants FFITAP_BUILD, the build folder.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from common import FFITAP, PYTHON

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
PROGRAM = (PYTHON, "-c", "pass")


def elapsed_ms(*command):
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun) * 1e3


def main():
    figures = {name: [] for name in ("untraced", "stat", "stat -o", "record")}
    with tempfile.TemporaryDirectory(prefix="ffitap-bench-") as name:
        folder = pathlib.Path(name)
        for _ in range(ROUNDS):
            figures["untraced"].append(elapsed_ms(*PROGRAM))
            figures["stat"].append(elapsed_ms(FFITAP, "stat", "--", *PROGRAM))
            kept = ("-o", folder / "stat", "--")
            figures["stat -o"].append(elapsed_ms(FFITAP, "stat", *kept, *PROGRAM))
            kept = ("-o", folder / "record", "--")
            figures["record"].append(elapsed_ms(FFITAP, "record", *kept, *PROGRAM))

    best = {what: min(values) for what, values in figures.items()}
    median = {what: statistics.median(values) for what, values in figures.items()}
    print(f"{ROUNDS} rounds of `python3 -c pass`; ms each: best, median, and what they add")
    for what in figures:
        added = best[what] - best["untraced"], median[what] - median["untraced"]
        print(f"  {what:<10}{best[what]:8.1f}{median[what]:8.1f}{added[0]:+10.1f}{added[1]:+8.1f}")


if __name__ == "__main__":
    main()
