#!/usr/bin/python3
"""Checks that the house is as it was drawn: which folder may use which, and how large a folder may
get.

    check_arrows.py [--show] [SOURCE BUILD]

An arrow goes from one file of src or tools to another one that it includes, or whose symbol it
uses, as the object files of the build tree tell. x.c and x.h count as one file. What fails:

- a circle of files;
- an arrow between folders that is not in ARROWS;
- a folder that holds more than 40 files, and a .c file of more than 600 lines;
- a file of src that includes one of tools.

With --show all arrows between folders and all circles are printed, and nothing fails. So anyone can
see them, once everything is built (tools/check builds into build-check).
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys

# Each folder, and the folders that its files may use, from the ground up: a folder uses only what stands
# above it in this table, so there is no circle of folders. Every folder may use itself.
ARROWS = {
    "src/arch": "",
    "src/arch/x86_64": "src/arch",
    "src/tap/base": "src/arch",
    "src/tap/sinks": "src/tap/base",
    "src/tap/statistics": "src/arch src/tap/base",
    "src/tap/known": "src/tap/base src/tap/sinks src/tap/statistics",
    "src/tap/calls": "src/arch src/tap/base src/tap/sinks src/tap/statistics src/tap/known",
    "src/tap": "src/tap/base src/tap/sinks src/tap/statistics src/tap/known src/tap/calls",
    "src/shim/slots": "src/arch src/tap/base",
    "src/shim/interfaces": "src/arch src/arch/x86_64 src/tap/base src/tap/known src/shim/slots",
    "src/shim/interfaces/ffi": "src/arch src/arch/x86_64 src/tap/base src/tap/sinks src/tap/known"
    " src/tap/calls src/shim/slots src/shim/interfaces",
    "src/shim": "src/tap/sinks src/tap/known src/tap src/shim/slots src/shim/interfaces"
    " src/shim/interfaces/ffi",
    "src/core": "src/arch src/tap/base src/tap/sinks src/tap/statistics src/tap/known src/tap/calls src/tap",
    "src/core/prototype": "src/core",
    # The tools read what src writes, and ask the same questions as src. So they share definitions
    # of src.
    "tools/program": "src/arch src/tap",
    "tools/report/base": "src/tap/statistics",
    "tools/report/model": "src/tap/base src/tap/statistics tools/program tools/report/base",
    "tools/report/read": "src/tap/statistics tools/report/base tools/report/model",
    "tools/report/write": "tools/report/base tools/report/model tools/report/read",
    "tools/report": "tools/report/base tools/report/model tools/report/read tools/report/write",
    "tools/recorder": "src/tap/base src/tap/statistics tools/program tools/report/base tools/report/read",
    "tools/recorder/lttng": "tools/report/base tools/recorder",
    "tools/bench": "src/arch src/tap/base src/tap/sinks src/tap/statistics src/core tools/report/base"
    " tools/report/model tools/report/read tools/recorder tools/recorder/lttng",
    "tools/ffitap/view": "src/tap/base src/tap/statistics tools/report/base tools/report/write"
    " tools/recorder",
    "tools/ffitap/commands": "src/tap/base tools/program tools/report/base tools/report/write tools/report"
    " tools/recorder tools/recorder/lttng tools/bench tools/ffitap/view",
    "tools/ffitap/doctor": "src/arch src/tap/base src/tap/known src/shim/interfaces/ffi tools/program"
    " tools/report/base tools/recorder tools/recorder/lttng tools/ffitap/commands",
    "tools/ffitap": "src/tap/base tools/recorder tools/ffitap/commands tools/ffitap/doctor",
}

FILES_MAX = 40
LINES_MAX = 600
ROOMS = ("src", "tools")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


class House:
    """The files of a source tree, and the arrows between them, from its text and its object files."""

    def __init__(self, source, build, table):
        self.source, self.build, self.table = source, build, table
        self.files = sorted(
            path.relative_to(source)
            for room in ROOMS
            for path in (source / room).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        self.units = {str(path.with_suffix("")) for path in self.files if path.suffix in (".c", ".h", ".S")}
        self.arrows = {}  # (from, to) -> why, the first reason that was found
        self.problems = []
        self.read_includes()
        self.read_symbols()

    def add(self, user, used, why):
        if user != used:
            self.arrows.setdefault((user, used), why)

    def find_included(self, path, name):
        """The unit that a file includes by this name; None if the unit is not in src or tools."""
        for folder in (path.parent, *map(pathlib.PurePath, ROOMS)):
            found = self.source / folder / name
            if found.is_file():
                unit = str(found.resolve().relative_to(self.source.resolve()).with_suffix(""))
                return unit if unit in self.units else None
        return None

    def read_includes(self):
        for path in self.files:
            if str(path.with_suffix("")) not in self.units:
                continue
            text = (self.source / path).read_text(errors="replace")
            for name in INCLUDE.findall(text):
                included = self.find_included(path, name)
                if included:
                    self.add(str(path.with_suffix("")), included, f"{path} includes {name}")
                    if path.parts[0] == "src" and included.startswith("tools/"):
                        self.problems.append(f"{path} is of src and includes {name} of tools")

    def objects(self):
        """The object file of each source file, as the build tree makes it for the product."""
        objects = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            path = pathlib.Path(entry["directory"], entry["file"]).resolve()
            words = shlex.split(entry["command"])
            output = pathlib.Path(entry["directory"], words[words.index("-o") + 1]).resolve()
            if not path.is_relative_to(self.source.resolve()):
                continue
            path = path.relative_to(self.source.resolve())
            if output.relative_to(self.build.resolve()).parts[0] in ROOMS and path.parts[0] in ROOMS:
                objects.setdefault(str(path), output)
        return objects

    def read_symbols(self):
        objects = self.objects()
        for path in self.files:
            if path.suffix == ".c" and not objects.get(str(path), pathlib.Path("/none")).exists():
                self.problems.append(f"{path} is not built: build everything first")
        there = {str(output): path for path, output in objects.items() if output.exists()}
        said = subprocess.run(["nm", "-A", "-P", "-g", *there], capture_output=True, text=True, check=True)
        defined, used = {}, []
        for line in said.stdout.splitlines():
            output, symbol, kind = line.split()[:3]
            unit = str(pathlib.PurePath(there[output.rstrip(":")]).with_suffix(""))
            if kind in "Uwv":
                used.append((unit, symbol))
            else:
                defined.setdefault(symbol, set()).add(unit)
        for unit, symbol in used:
            owners = defined.get(symbol, set())
            # Each of two programs may have a symbol of that name.
            if len(owners) > 1:
                owners = {one for one in owners if folder_of(one) == folder_of(unit)} or owners
            for owner in owners:
                self.add(unit, owner, f"{unit} uses {symbol}")

    def circles(self):
        """Lists of files that lead to each other, the largest first."""
        return sorted(strongly_connected(self.units, self.arrows), key=len, reverse=True)

    def folders(self):
        """(from, to) -> the arrows of files between two folders."""
        folders = {}
        for (user, used), why in sorted(self.arrows.items()):
            ends = folder_of(user), folder_of(used)
            if ends[0] != ends[1]:
                folders.setdefault(ends, []).append(why)
        return folders

    def check(self):
        problems = list(self.problems) + check_table(self.table)
        for circle in self.circles():
            problems.append("a circle: " + ", ".join(self.walk(circle)))
        for (user, used), reasons in self.folders().items():
            if used not in self.table.get(user, "").split():
                problems.append(f"no arrow {user} -> {used} is in the table: {reasons[0]}"
                                + (f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""))
        return problems + self.check_sizes()

    def walk(self, circle):
        """The reasons for the arrows that lead once around in a circle of files."""
        start = circle[0]
        came = {start: None}
        queue = [start]
        for at in queue:
            for user, used in sorted(self.arrows):
                if user == at and used == start:
                    reasons = [self.arrows[user, used]]
                    while came[at]:
                        reasons.insert(0, self.arrows[came[at], at])
                        at = came[at]
                    others = len(circle) - len(reasons)
                    return reasons + ([f"and {others} more files"] if others > 0 else [])
                if user == at and used in circle and used not in came:
                    came[used] = at
                    queue.append(used)
        return circle

    def check_sizes(self):
        problems = []
        counts = {}
        for path in self.files:
            counts[path.parent] = counts.get(path.parent, 0) + 1
            if path.suffix == ".c":
                lines = (self.source / path).read_bytes().count(b"\n")
                if lines > LINES_MAX:
                    problems.append(f"{path} has {lines} lines, of at most {LINES_MAX}")
        for folder, count in sorted(counts.items()):
            if count > FILES_MAX:
                problems.append(f"{folder} holds {count} files, of at most {FILES_MAX}")
        return problems

    def show(self):
        print("Arrows between folders:")
        for (user, used), reasons in sorted(self.folders().items()):
            is_allowed = used in self.table.get(user, "").split()
            print(f"  {user} -> {used}  {len(reasons)}x{'' if is_allowed else '  (not in the table)'}")
        for user, allowed in self.table.items():
            for used in allowed.split():
                if (user, used) not in self.folders():
                    print(f"  {user} -> {used}  is in the table, and is none")
        circles = self.circles()
        print(f"Circles of files: {len(circles)}")
        for circle in circles:
            print(f"  {len(circle)} files: {' '.join(circle)}")
            print("    " + "\n    ".join(self.walk(circle)))


def folder_of(unit):
    return str(pathlib.PurePath(unit).parent)


def check_table(table):
    """Every folder uses only what stands before it, so that there is no circle of folders."""
    problems, before = [], set()
    for folder, uses in table.items():
        for used in uses.split():
            if used not in before:
                problems.append(f"the table's arrow {folder} -> {used} does not lead to what stands before")
        before.add(folder)
    return problems


def strongly_connected(nodes, arrows):
    """Tarjan's algorithm, but returns only the circles of more than one node."""
    leads_to = {}
    for user, used in sorted(arrows):
        leads_to.setdefault(user, []).append(used)
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in leads_to.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            members = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            on_stack.difference_update(members)
            if len(members) > 1:
                found.append(sorted(members))

    for node in sorted(nodes):
        if node not in index:
            visit(node)
    return found


def main(words):
    is_shown = words[:1] == ["--show"]
    words = words[is_shown:]
    root = pathlib.Path(__file__).resolve().parents[2]
    source, build = map(pathlib.Path, words or (root, root / "build-check"))
    house = House(source, build, ARROWS)
    if is_shown:
        house.show()
        return 0
    problems = house.check()
    for problem in problems:
        print(problem)
    print(f"{len(house.units)} files, {len(house.arrows)} arrows, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
