"""Runs tables of cases through ctypes and through ffitap's core, and compares line by line.

    compare.py RUN-CORE RECORDER FOLDER-OF-LIBRARIES TABLE...

README.md says what a table is. Fails with a diff, or if a line was not run by both sides, or if no
line was run at all.
"""

import difflib
import os
import pathlib
import re
import subprocess
import sys

import table

PYTHON = os.environ.get("FFITAP_DIFFERENTIAL_PYTHON", "/usr/bin/python3")
RUN_CTYPES = pathlib.Path(__file__).with_name("run_ctypes.py")
SECONDS = 120

# The name of the program or library in a message differs between the sides.
PLACES = {"<program>": "{program}(?=:)", "<caller>": r"\S*/(_ctypes|libffitap)\.[^/:]*(?=:)"}


def run(program, *arguments, **variables):
    """Runs a side. Returns what it prints, by table, as pairs of line number and outcome, and its
    errors."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", FFITAP_LTTNG="0", **variables)
    done = subprocess.run(
        [*program, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=SECONDS,
    )
    errors = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        sys.exit(f"{program[-1]} ended with {done.returncode}:\n{errors}")
    tables = {}
    for line in done.stdout.decode().splitlines():
        for name, place in PLACES.items():
            line = re.sub(place.format(program=re.escape(str(program[0]))), name, line)
        number, tab, outcome = line.partition("\t")
        if not tab:
            tables[line] = outcomes = []
        else:
            outcomes.append((int(number), outcome))
    return tables, errors


def kind(outcome):
    return outcome.partition(":")[0]


def expected(line, outcome):
    """What the core has to say where ctypes says `outcome`."""
    if line.here is not None:
        return line.here
    if line.in_words is not None and kind(outcome) == kind(line.in_words):
        return line.in_words
    return outcome


def render(case, outcomes, of_ctypes):
    """The outcomes of a case's lines on one side, in the order in which that side printed them."""
    lines = {line.number: line for line in case.outcomes()}
    return [
        f"{number}: {lines[number].text}  =>  "
        + (expected(lines[number], outcome) if of_ctypes else outcome)
        for number, outcome in outcomes
        if number in lines
    ]


def missing(case, outcomes, side):
    done = {number for number, _ in outcomes}
    for line in case.outcomes():
        if line.number not in done:
            yield f"{side} did not run line {line.number}: {line.text}"


def meaningless(case, outcomes):
    """Differences that are announced but are none, and lines that had nothing to work on."""
    said = dict(outcomes)
    for line in case.outcomes():
        outcome = said.get(line.number, "")
        if line.in_words == outcome:
            yield f"ctypes says the same in line {line.number}: {outcome}"
        if outcome.startswith("no such thing") and line.here is None:
            yield f"line {line.number}: {outcome}"


def compare(case, theirs, ours):
    """Everything that is wrong, in lines to print."""
    return [
        *missing(case, theirs, "ctypes"),
        *missing(case, ours, "the core"),
        *meaningless(case, theirs),
        *difflib.unified_diff(
            render(case, theirs, True), render(case, ours, False), "ctypes", "core",
            lineterm="", n=9,
        ),
    ]


def main():
    core, recorder, directory, *paths = sys.argv[1:]
    python = [PYTHON, "-B", str(RUN_CTYPES)]
    theirs, their_errors = run(python, directory, *paths, LD_PRELOAD=recorder)
    ours, our_errors = run([core], directory, *paths)
    cases = outcomes = differing = wrong = 0
    for path in paths:
        name = os.path.basename(path)
        outcomes += len(theirs[name])
        for case in table.read(path):
            problems = compare(case, theirs[name], ours[name])
            cases += 1
            differing += sum(line.here is not None or line.in_words is not None
                             for line in case.lines)
            wrong += bool(problems)
            if problems:
                print(f"\n{name}:{case.title}", *problems, sep="\n")
    if wrong:
        print(f"\nctypes' errors:\n{their_errors}\nthe core's errors:\n{our_errors}")
    print(f"{cases} cases, {outcomes} outcomes compared, {differing} to differ on purpose; "
          f"{wrong} cases went wrong")
    return 1 if wrong or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
