"""Measures what a foreign call costs untraced, under the dormant shim, counted and recorded, and
what one LTTng event of the same payload costs by itself. The event is emitted in a loop in C, where
everything stays in the caches, and in the same loop in Python in which a recorded call emits it.

Everything is measured in one run, in turns, several times over: read the ratios, not the figures,
which are this machine's of this minute. Ratios are of the best figures: what disturbs a measurement
only ever adds to it. Wants FFITAP_BUILD, the build folder.
"""

import os
import pathlib
import statistics
import sys
import tempfile

from common import BEST, BUILD, CALL, CALLS, PYTHON, measure, recorded

SHIM = next(BUILD.glob("lib*/**/libffitap-shim.so")).resolve()
TAP, PROVIDER = (SHIM.with_name(f"libffitap-{name}.so") for name in ("tap", "tracepoints"))
BARE_EVENT = BUILD / "tests" / "bench" / "bare_event"
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15

# Without the shim nothing but the event is added to an untraced call.
EVENT = BEST + f"""
record = ctypes.byref(ctypes.create_string_buffer(256))
emit = ctypes.CDLL("{TAP}").ffitap__lttng_call
print(best_ns(emit, record) - best_ns(absolute, record))
"""


def main():
    call = (PYTHON, "-c", CALL)
    without_shim = ("/usr/bin/env", f"LD_PRELOAD={PROVIDER}")
    dormant = dict(os.environ, LD_PRELOAD=str(SHIM))
    figures = {name: [] for name in ("untraced", "dormant", "counted", "recorded", "event in C", "event here")}
    with tempfile.TemporaryDirectory(prefix="ffitap-bench-") as name:
        folder = pathlib.Path(name)
        for _ in range(ROUNDS):
            figures["untraced"] += measure(call)
            figures["dormant"] += measure(call, dormant)
            figures["counted"] += measure(call, dict(dormant, FFITAP_STAT_DIR=name))
            figures["recorded"] += recorded(folder, *call)
            figures["event in C"] += recorded(folder, BARE_EVENT, str(CALLS))
            figures["event here"] += recorded(folder, *without_shim, PYTHON, "-c", EVENT)

    best = {what: min(values) for what, values in figures.items()}
    print(f"{ROUNDS} rounds of 5 x {CALLS} calls of libc's abs through ctypes; ns each: best, median")
    for what, values in figures.items():
        print(f"  {what:<12}{best[what]:8.1f}{statistics.median(values):8.1f}")
    added = best["recorded"] - best["untraced"]
    print(f"  dormant / untraced                            {best['dormant'] / best['untraced']:6.2f}")
    print(f"  counted / untraced                            {best['counted'] / best['untraced']:6.2f}")
    print(f"  recorded / untraced                           {best['recorded'] / best['untraced']:6.2f}")
    print(f"  added by recording / one event, in this loop  {added / best['event here']:6.2f}")
    print(f"  added by recording / one event, in C          {added / best['event in C']:6.2f}")


if __name__ == "__main__":
    main()
