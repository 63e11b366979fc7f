"""Compares ffitap with what people use today, on one ctypes loop: what a call of libc's abs costs
under each tool, and what each tool could see of it.

    peers.py [--rounds N] [--calls N] [--json]

Everything is measured in one run, in turns, several times over: read the ratios, not the figures,
which are this machine's of this minute. The loop times itself, so no tool's start counts. Ratios and
what is added are of the best figures: what disturbs a measurement only ever adds to it. What a tool
could see is taken from its output in this run, by the rules of peers_judge.py; --json has the
evidence for each. A tool that is not there or cannot run is listed with the reason.

Most of the others want root. Wants FFITAP_BUILD, the build folder.
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile

import peers_judge
import peers_loop
import peers_tools
from common import FFITAP, PYTHON

NO_LIBRARY = "libffitap-no-such-library.so.1"
ERRNO_CALLS = 40
SANDBOX = "FFITAP_PEERS_SANDBOX"


def enter_sandbox():
    """For root LTTng's sockets have one place in the system. This mounts another folder over it,
    for this process alone."""
    if os.geteuid() != 0 or SANDBOX in os.environ:
        return
    mounts = "mkdir -p /run/lttng && mount -t tmpfs tmpfs /run/lttng && mount -t tmpfs tmpfs /dev/shm"
    inside = f'{mounts} && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", inside, "sh"]
    if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.environ[SANDBOX] = "1"
        os.execvp(command[0], [*command, sys.executable, *sys.orig_argv[1:]])


def measure(tool, calls, look):
    """One run under the tool: the cost of a call and, to `look`, what the tool shows of the run."""
    calls = max(calls // tool.slower, 1)
    with tempfile.TemporaryDirectory(prefix="ffitap-bench-") as name:
        folder = pathlib.Path(name)
        result = folder / "result"
        seconds = tool.linger_s if look else 0
        arguments = result, calls, ERRNO_CALLS, peers_tools.LIBRARY, NO_LIBRARY, seconds
        tool.run(folder, [PYTHON, peers_loop.__file__, *map(str, arguments)])
        if not result.exists():
            raise peers_tools.CannotRun("the program did not come to its end")
        cost, address, errno_address = result.read_text().split()
        if not look or not tool.looks:
            return float(cost), {}
        facts = peers_judge.Facts(
            calls=calls * peers_loop.BATCHES,
            errno_calls=ERRNO_CALLS,
            address=address,
            errno_address=errno_address,
            library=peers_tools.LIBRARY,
            library_file=peers_tools.objects()[peers_tools.LIBRARY.split(".so")[0]],
            no_library=NO_LIBRARY,
        )
        return float(cost), peers_judge.judge(tool.look(folder), facts)


def compare(rounds, calls):
    """A row for each tool, in the order of the table."""
    tools = [kind() for kind in peers_tools.TOOLS]
    rows = {tool: {"tool": tool.name, "costs": []} for tool in tools}
    for tool in tools:
        if missing := tool.missing():
            rows[tool] = {"tool": tool.name, "missing": missing}
    for left in reversed(range(rounds)):
        for tool, row in rows.items():
            if "costs" not in row:
                continue
            try:
                cost, row["sees"] = measure(tool, calls, left == 0)
                row["costs"].append(cost)
            except peers_tools.CannotRun as why:
                rows[tool] = {"tool": tool.name, "cannot_run": str(why)}
    return list(rows.values())


def sum_up(rows):
    """Puts the figures of a row in place of its measurements. A row without measurements is
    compared with nothing."""
    if "costs" not in rows[0]:
        sys.exit(f"peers.py: the loop itself: {rows[0]['cannot_run']}")
    untraced = min(rows[0]["costs"])
    for row in rows:
        if costs := row.pop("costs", None):
            best = min(costs)
            row.update(best_ns=best, median_ns=statistics.median(costs))
            row.update(ratio=best / untraced, added_ns=best - untraced)
            row["sees"] = {
                what: {"verdict": verdict, "evidence": evidence}
                for what, (verdict, evidence) in row.pop("sees").items()
            }


def print_table(rows, rounds, calls):
    columns = peers_judge.COLUMNS
    loops = f"{rounds} rounds of {peers_loop.BATCHES} x {calls} calls"
    print(f"{loops} of libc's abs through ctypes, fewer under slow tools; ns each, and what was seen")
    head = "{:<15}{:>10}{:>10}{:>9}{:>10}".format("", "best", "median", "ratio", "added")
    print(f"{head}  {'  '.join(columns)}")
    for row in (row for row in rows if "best_ns" in row):
        figures = "{best_ns:10.1f}{median_ns:10.1f}{ratio:9.2f}{added_ns:10.1f}".format(**row)
        sees = row["sees"]
        verdicts = "  ".join(f"{sees[what]['verdict']:<{len(what)}}" for what in columns) if sees else "-"
        print(f"{row['tool']:<15}{figures}  {verdicts}".rstrip())


def print_parts(rows):
    print("part is")
    for row in rows:
        for what, seen in row.get("sees", {}).items():
            if seen["verdict"] == "part":
                print(f"  {row['tool']:<15}{what:<11}{seen['evidence'][:100]}")


def print_absent(rows):
    for row in rows:
        if "missing" in row:
            packages = " ".join(row["missing"])
            print(f"{row['tool']}: not installed: tools/setup --peers, or apt-get install {packages}")
        elif "cannot_run" in row:
            print(f"{row['tool']}: cannot run here: {row['cannot_run']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--calls", type=int, default=10_000, help="per batch, untraced")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.rounds < 1 or options.calls < 1:
        parser.error("rounds and calls are counted from 1")
    if not FFITAP.exists():
        sys.exit(f"peers.py: {FFITAP}: not there; FFITAP_BUILD names the build folder")
    enter_sandbox()
    # What was set up for a tool is taken down again after SIGTERM, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    rows = compare(options.rounds, options.calls)
    sum_up(rows)
    if options.json:
        made = {"rounds": options.rounds, "batches": peers_loop.BATCHES, "calls": options.calls}
        print(json.dumps({**made, "tools": rows}, indent=1))
        return
    print_table(rows, options.rounds, options.calls)
    print_parts(rows)
    print_absent(rows)


if __name__ == "__main__":
    main()
