"""What a call of libc's abs costs through libffi alone, through the core (dormant, and with its calls
recorded) and through ctypes.

Everything is measured in one run, in turns, several times over: read the ratios, not the figures,
which are this machine's of this minute. Ratios and differences are of the best figures: what
disturbs a measurement only ever adds to it. Wants FFITAP_BUILD, the build folder.
"""

import pathlib
import statistics
import sys
import tempfile

from common import BUILD, CALL, PYTHON, measure, recorded

CORE_CALLS = BUILD / "tests" / "bench" / "core_calls"
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 15


def main():
    figures = {name: [] for name in ("ffi_call", "core", "core, recorded", "ctypes")}
    with tempfile.TemporaryDirectory(prefix="ffitap-bench-") as name:
        for _ in range(ROUNDS):
            raw, core = measure([CORE_CALLS])
            figures["ffi_call"].append(raw)
            figures["core"].append(core)
            figures["core, recorded"] += recorded(pathlib.Path(name), CORE_CALLS)[1:]
            figures["ctypes"] += measure([PYTHON, "-c", CALL])

    best = {what: min(values) for what, values in figures.items()}
    print(f"{ROUNDS} rounds of calls of libc's abs; ns each: best, median")
    for what, values in figures.items():
        print(f"  {what:<16}{best[what]:8.1f}{statistics.median(values):8.1f}")
    print(f"  the core adds to ffi_call, ns  {best['core'] - best['ffi_call']:6.1f}")
    print(f"  core / ffi_call                {best['core'] / best['ffi_call']:6.2f}")
    print(f"  core, recorded / core          {best['core, recorded'] / best['core']:6.2f}")
    print(f"  ctypes / core                  {best['ctypes'] / best['core']:6.2f}")


if __name__ == "__main__":
    main()
