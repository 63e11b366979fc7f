"""The CPython interpreters of this machine, each once: those on PATH, those of pyenv, and those in the
folders that FFITAP_TEST_PYTHONS names, with colons between them.

    @interpreters.each("_ctypes")
    class Something(harness.Case): ...

makes one more such class for each interpreter besides the system's, which the class itself is for.
It prints on stderr which interpreters are tested, and why the others are not.
"""

import collections
import functools
import json
import os
import pathlib
import re
import subprocess
import sys

import harness

FILE = re.compile(r"python([23](\.\d+)?)?t?")
OLDEST = (2, 7)
FOLDERS = "FFITAP_TEST_PYTHONS"

# The question for each interpreter. `real` is the program behind a link or behind a version
# manager's starter.
QUESTION = """
import json, os, platform, sys
missing, files = {}, {}
for name in MODULES:
    try:
        module = __import__(name)
        files[name] = os.path.realpath(getattr(module, "__file__", None) or sys.executable)
    except Exception:
        missing[name] = str(sys.exc_info()[1])
print(json.dumps({
    "is_cpython": platform.python_implementation() == "CPython",
    "version": platform.python_version(),
    "numbers": list(sys.version_info[:3]),
    "is_free_threaded": "t" in getattr(sys, "abiflags", ""),
    "executable": sys.executable,
    "real": os.path.realpath(sys.executable),
    "missing": missing,
    "files": files,
}))
"""
SUITES = ("test.test_ctypes", "ctypes.test")
MODULES = SUITES + ("_ctypes", "_ctypes_test", "_xxsubinterpreters", "_interpreters",
                    "cffi", "_cffi_backend")

Interpreter = collections.namedtuple(
    "Interpreter", "executable version numbers files missing is_free_threaded"
)


def folders():
    """The folders where interpreters lie. pyenv's own folder of starters is left out, because the
    interpreters that they start lie in the folders of its versions."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    for name in os.get_exec_path():
        if name and pathlib.Path(name) != pyenv / "shims":
            yield pathlib.Path(name)
    yield from sorted(pyenv.glob("versions/*/bin"))
    yield from map(pathlib.Path, filter(None, os.environ.get(FOLDERS, "").split(os.pathsep)))


def candidates():
    """Every file that may be an interpreter, the system's first."""
    yield pathlib.Path(harness.PYTHON)
    for folder in folders():
        if folder.is_dir():
            for file in sorted(folder.iterdir()):
                if FILE.fullmatch(file.name) and os.access(file, os.X_OK):
                    yield file


def ask(file):
    """What the interpreter says of itself, or a text that says why it says nothing."""
    question = f"MODULES = {MODULES!r}\n{QUESTION}"
    try:
        # -B: a test must not write to the interpreter's installation.
        done = subprocess.run([file, "-B", "-c", question], capture_output=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    try:
        return json.loads(done.stdout)
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no answer"]
        return f"ended with status {done.returncode}: {said[-1]}"


def say(text):
    print("interpreters:", text, file=sys.stderr)


def reason_against(answer):
    """Why a file that gave this answer cannot be tested at all; None if it can."""
    if isinstance(answer, str):
        return answer
    if not answer["is_cpython"]:
        return "is not CPython"
    if tuple(answer["numbers"][:2]) < OLDEST:
        return f"is version {answer['version']}"
    return None


def identity(file):
    """What tells interpreters apart: files that are the same one under several names have one
    identity."""
    status = os.stat(file)
    return status.st_dev, status.st_ino


@functools.lru_cache(maxsize=None)
def found():
    """All interpreters, the system's first. Prints what only looks like an interpreter."""
    asked, known = set(), {}
    for file in candidates():
        if os.path.realpath(file) in asked:
            continue
        asked.add(os.path.realpath(file))
        answer = ask(file)
        reason = reason_against(answer)
        if reason:
            say(f"{file} is not tested: {reason}")
        elif identity(answer["real"]) not in known:
            known[identity(answer["real"])] = Interpreter(
                str(file), answer["version"], tuple(answer["numbers"]), answer["files"],
                answer["missing"], answer["is_free_threaded"])
    system, *others = known.values()
    return [system] + sorted(others, key=lambda one: one.numbers)


def calls_through_slots(interpreter, module):
    """Whether the module has the dynamic linker find the functions that make calls. If a libffi is
    built in, the linker need not find them, and then ffitap sees no call; `ffitap doctor` says
    so."""
    done = subprocess.run(["readelf", "--relocs", "--wide", interpreter.files[module]],
                          capture_output=True, text=True, check=True)
    return re.search(r"\s(cffistatic_)?ffi_call(_plan_invoke|_go)?(@|\s)", done.stdout) is not None


def libffi_of(interpreter):
    """The libffi that the interpreter's _ctypes is linked with, as a list, which is empty if
    _ctypes has a libffi built in."""
    done = subprocess.run(["readelf", "--dynamic", "--wide", interpreter.files["_ctypes"]],
                          capture_output=True, text=True, check=True)
    return re.findall(r"\(NEEDED\).*\[(libffi\.so[^]]*)\]", done.stdout)


def reason_to_leave_out(interpreter, needed):
    """Why the interpreter is not tested; None if it is. `needed` names modules: "one|other" is a
    module and an alternative to it, "one seen" a module whose calls ffitap has to see."""
    for one in needed:
        names = one.replace(" seen", "").split("|")
        if all(name in interpreter.missing for name in names):
            return "; ".join(interpreter.missing[name] for name in names)
        if one.endswith(" seen") and not calls_through_slots(interpreter, names[0]):
            return f"{interpreter.files[names[0]]} has a libffi built in that is called directly"
    return None


def select(what, *needed, may_lack_systems=False):
    """The interpreters that have what is needed. Prints which they are, and why the others are not
    tested."""
    selected = []
    for interpreter in found():
        reason = reason_to_leave_out(interpreter, needed)
        if reason is None:
            selected.append(interpreter)
        say(f"{what}: CPython {interpreter.version}, {interpreter.executable}: "
            + ("tested" if reason is None else f"not tested: {reason}"))
    if not may_lack_systems and [one.executable for one in selected][:1] != [harness.PYTHON]:
        raise RuntimeError(f"{harness.PYTHON}, which every test here runs with, is not tested")
    if len(found()) == 1:
        say("there is no other than the system's")
    return selected


def kept(interpreter, gil):
    """How many calls of a function gave nothing up, by its figures `gil`: they kept the lock or, in
    an interpreter without one, they kept their thread attached."""
    kept, not_kept = "held_calls", "attached_calls"
    if interpreter.is_free_threaded:
        kept, not_kept = not_kept, kept
    if gil[not_kept]:
        raise AssertionError(f"{not_kept} of CPython {interpreter.version}: {gil}")
    return gil[kept]


def each(*needed):
    """Decorates a test case; its attribute `python` is the interpreter's file, and `interpreter`
    what is known of it."""

    def multiply(case):
        module = sys.modules[case.__module__]
        system, *others = select(case.__name__, *needed)
        case.python, case.interpreter = harness.PYTHON, system
        for other in others:
            name = f"{case.__name__}_{re.sub(r'[^0-9a-zA-Z]', '_', other.version)}"
            while hasattr(module, name):
                name += "_"
            attributes = {"python": other.executable, "interpreter": other, "__module__": case.__module__}
            setattr(module, name, type(name, (case,), attributes))
        return case

    return multiply
