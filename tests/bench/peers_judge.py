"""Judges what a tool's output shows of what the loop is known to have done: yes, part or no, and
why.

The rules are the same for every tool, and ask for the loop's own facts: a column is "yes" only
with the right name and the exact number beside it.

calls      yes: abs, its address or ffi_call itself, with exactly as many calls as were made
           part: with another number (some were lost)
functions  yes: those calls under the name abs
           part: under its address only, for the reader to look up
GIL        yes: one window, or wait for the lock, per call of abs, under that name
           part: under the address only; or the lock's functions counted by themselves
errno      yes: that chdir left 2 (ENOENT), each time, under that name
           part: under the address only, or with another number
loads      yes: the path of the library that was loaded
           part: the name that was asked for; or that dlopen was called, without saying for what
failures   yes: the library that is not there, on a line that says that it failed
           part: its name alone
"""

import dataclasses
import errno
import os
import re

COLUMNS = ("calls", "functions", "GIL", "errno", "loads", "failures")
FAILED = r"cannot open|No such file|\(nil\)|= (0|0x0|NULL|-1)\b"
LOCK = ("PyEval_SaveThread", "PyEval_RestoreThread", "take_gil", "drop_gil")


@dataclasses.dataclass
class Facts:
    calls: int
    errno_calls: int
    address: str
    errno_address: str
    library: str
    library_file: str
    no_library: str


def named(seen, name):
    """The label and number of what is called `name`. The name may stand among other words, or be
    __GI___name, which is what libc's debug information calls the same function."""
    for label, number in seen.items():
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?!\w)", label):
            yield label, number


def calls(sight, facts):
    made = {"abs": facts.calls, facts.address: facts.calls, "ffi_call": facts.calls + facts.errno_calls}
    found = [(label, n, made[name]) for name in made for label, n in named(sight.calls, name) if n]
    for label, number, expected in found:
        if number == expected:
            return "yes", f"{label}: {number}"
    return ("part", "{}: {} of {}".format(*found[0])) if found else ("no", "")


def functions(sight, facts):
    for label, number in named(sight.calls, "abs"):
        if number == facts.calls:
            return "yes", f"{label}: {number}"
    if sight.calls.get(facts.address):
        lookup = re.search(rf'^.*"abs".*{facts.address}.*$', sight.text, re.MULTILINE)
        return "part", lookup.group().strip() if lookup else f"as {facts.address}"
    return "no", ""


def gil(sight, facts):
    for label, number in named(sight.gil, "abs"):
        if number == facts.calls:
            return "yes", f"{label}: {number} windows"
    if facts.address in sight.gil:
        return "part", f"as {facts.address}: {sight.gil[facts.address]}"
    for function in LOCK:
        if sight.calls.get(function, 0) >= facts.calls:
            return "part", f"{function}: {sight.calls[function]}, of whatever call"
    return "no", ""


def errnos(sight, facts):
    left = {label: number for (label, value), number in sight.errno.items() if value == errno.ENOENT}
    found = [*named(left, "chdir"), *named(left, facts.errno_address)]
    for label, number in found:
        if "chdir" in label and number == facts.errno_calls:
            return "yes", f"{label}: ENOENT, {number} times"
    return ("part", "{}: ENOENT, {} times".format(*found[0])) if found else ("no", "")


def line_with(text, word):
    return next((line.strip() for line in text.splitlines() if word in line), "")


def loads(sight, facts):
    stem = re.escape(facts.library.split(".so")[0])
    for path in re.findall(rf"""/[^\s"':,()]*/{stem}[^\s"':,()]*""", sight.text):
        if os.path.realpath(path) == facts.library_file:
            return "yes", line_with(sight.text, path)
    if line := line_with(sight.text, facts.library) or line_with(sight.text, "dlopen"):
        return "part", line
    return "no", ""


def failures(sight, facts):
    lines = [line.strip() for line in sight.text.splitlines() if facts.no_library in line]
    for line in lines:
        if re.search(FAILED, line):
            return "yes", line
    return ("part", lines[0]) if lines else ("no", "")


RULES = dict(zip(COLUMNS, (calls, functions, gil, errnos, loads, failures)))


def judge(sight, facts):
    """For each column the verdict, and the evidence for it."""
    return {column: rule(sight, facts) for column, rule in RULES.items()}
