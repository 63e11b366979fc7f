"""A CPython that can do without its interpreter lock. Nothing of ffitap turns the lock on, and what
is said of the lock is true of each call, whether the lock was on then or not."""

import os
import shutil
import unittest

import harness
import interpreters
import modes

OFF, ON = {"PYTHON_GIL": "0"}, {"PYTHON_GIL": "1"}

# Ten calls that give up what there is, twenty that do not, and whether there was a lock before and after.
CALLS = """
import ctypes, sys
print(sys._is_gil_enabled())
gives, keeps = ctypes.CDLL("libc.so.6"), ctypes.PyDLL("libc.so.6")
def call():
    for i in range(10): gives.labs(i)
    for i in range(20): keeps.labs(i)
call()
{more}
print(sys._is_gil_enabled())
"""

# A module that needs the lock is imported midway.
TURNED_ON = CALLS.format(more="import needs_lock; call(); call()")
CALLS = CALLS.format(more="")

CORE = """
import core_calls
core_calls.call(False, 10)
core_calls.call(True, 20)
"""
CORE_TURNED_ON = CORE + "import needs_lock\n" + CORE

# How far another thread comes while this one sleeps and has given up its lock, and while this one
# is in native code and keeps the lock or, if there is none, stays attached. If a lock is kept, the
# other thread hardly gets on: it only has a turn of some milliseconds before and after.
COUNTING = """
import ctypes, threading, time
count, started = 0, threading.Event()
def work():
    global count
    started.set()
    while not over:
        count += 1
def count_during(sleep, length):
    before = count
    sleep(length)
    return count - before
over, usleep = False, ctypes.PyDLL("libc.so.6").usleep
thread = threading.Thread(target=work)
thread.start()
started.wait()
alone = count_during(time.sleep, 0.5)
kept = count_during(usleep, 500000)
over = True
thread.join()
print(kept > alone / 4)
"""

KEPT = "Calls that kept the interpreter lock"
ATTACHED = "Calls that kept their thread attached, with no lock"


def find():
    """The newest free-threaded interpreter here, if there is one."""
    found = [one for one in interpreters.select("free-threaded", "_ctypes seen") if one.is_free_threaded]
    if not found and os.environ.get(interpreters.FOLDERS):
        raise RuntimeError(f"{interpreters.FOLDERS}: no free-threaded CPython that can be tested")
    if not found:
        why = "free-threaded CPython: not tested here: there is none; build-free-threaded makes one"
        interpreters.say(why)
        raise unittest.SkipTest(why)
    return found[-1]


class Case(modes.Case):
    @classmethod
    def setUpClass(cls):
        cls.interpreter = find()
        cls.python = cls.interpreter.executable

    def run_traced(self, script, mode="stat", env=OFF):
        shutil.rmtree(self.folder / mode, ignore_errors=True)
        paths = {"PYTHONPATH": str(self.folder)}
        done = self.run_in(mode, self.python, "-c", script, env=dict(env, **paths))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.printed = done.stdout.decode().split()
        return self.report() if mode not in ("untraced", "dormant") else None

    def table(self):
        return harness.run(harness.FFITAP, "report", self.data, check=True).stdout.decode()

    def build_module(self, name, *options):
        question = "import sysconfig; print(sysconfig.get_path('include'))"
        include = harness.run(self.python, "-c", question, check=True).stdout.decode().strip()
        harness.run(
            "cc", "-shared", "-fPIC", "-o", self.folder / f"{name}.so", f"-DMODULE={name}", *options,
            f"-I{include}", f"-I{harness.SOURCE / 'include'}", f"-I{harness.BUILD / 'include'}",
            harness.APPS / "free_threaded.c", f"-L{harness.LIBRARIES}", "-lffitap",
            f"-Wl,-rpath,{harness.LIBRARIES}", check=True,
        )  # fmt: skip

    def assert_lock(self, report, seen_on, seen_off):
        (process,) = report["processes"]
        expected = {"kind": "free-threaded", "seen_on": seen_on, "seen_off": seen_off}
        self.assertEqual(process["interpreter_lock"], expected)

    def assert_calls(self, report, symbol, calls, **expected):
        """The figures of the lock are those that are named; the others are 0."""
        function = self.function(report, symbol)
        keys = "windows", "unlocked_windows", "held_calls", "attached_calls"
        figures = {key: function["gil"][key] for key in keys}
        self.assertEqual(figures, {**dict.fromkeys(keys, 0), **expected})
        self.assertEqual(function["calls"], calls)
        self.assertEqual(figures["windows"] + figures["held_calls"] + figures["attached_calls"], calls)
        self.assertLessEqual(function["gil"]["unlocked_wait_ns"], function["gil"]["wait_ns"])


class FreeThreaded(Case):
    def test_nothing_turns_the_lock_on(self):
        for mode in "untraced", "dormant", "stat", "record", "default":
            with self.subTest(mode):
                self.run_traced(CALLS, mode, env={})
                self.assertEqual(self.printed, ["False", "False"])

    def test_calls_without_a_lock(self):
        for mode in "stat", "record":
            with self.subTest(mode):
                report = self.run_traced(CALLS, mode)
                self.assert_lock(report, False, True)
                self.assert_calls(
                    report, "labs", 30, windows=10, unlocked_windows=10, attached_calls=20
                )
                gil = self.function(report, "labs")["gil"]
                self.assertEqual(gil["unlocked_wait_ns"], gil["wait_ns"])
                table = self.table()
                self.assertIn(" reattach ", table)
                self.assertIn(ATTACHED, table)
                self.assertNotIn(KEPT, table)
                self.assertNotIn("GIL wait", table)

    def test_calls_with_the_lock_on(self):
        for mode in "stat", "record":
            with self.subTest(mode):
                report = self.run_traced(CALLS, mode, env=ON)
                self.assertEqual(self.printed, ["True", "True"])
                self.assert_lock(report, True, False)
                self.assert_calls(report, "labs", 30, windows=10, held_calls=20)
                table = self.table()
                self.assertIn(" GIL wait ", table)
                self.assertIn(KEPT, table)
                self.assertNotIn(ATTACHED, table)

    def test_calls_before_and_after_it_is_turned_on(self):
        self.build_module("needs_lock")
        for mode in "stat", "record":
            with self.subTest(mode):
                report = self.run_traced(TURNED_ON, mode, env={})
                self.assertEqual(self.printed, ["False", "True"])
                self.assert_turned_on(report)

    def assert_turned_on(self, report):
        self.assert_lock(report, True, True)
        self.assert_calls(
            report, "labs", 90, windows=30, unlocked_windows=10, held_calls=40, attached_calls=20
        )
        table = self.table()
        self.assertIn(" get back ", table)
        self.assertIn(KEPT, table)
        self.assertIn(ATTACHED, table)

    def test_the_same_from_the_events_alone(self):
        self.build_module("needs_lock")
        self.run_traced(TURNED_ON, "record", env={})
        shutil.rmtree(self.data / "stat")
        self.assert_turned_on(self.report())

    def test_other_threads_run_as_the_report_says(self):
        for env, ran in (OFF, "True"), (ON, "False"):
            with self.subTest(env):
                report = self.run_traced(COUNTING, env=env)
                self.assertEqual(self.printed, [ran])
                kept = "attached_calls" if env is OFF else "held_calls"
                self.assert_calls(report, "usleep", 1, **{kept: 1})

    def test_calls_that_the_core_makes(self):
        self.build_module("core_calls", "-DWITHOUT_LOCK")
        report = self.run_traced(CORE, env={})
        self.assert_lock(report, False, True)
        self.assert_calls(report, "getppid", 30, windows=10, unlocked_windows=10, attached_calls=20)
        report = self.run_traced(CORE, env=ON)
        self.assert_lock(report, True, False)
        self.assert_calls(report, "getppid", 30, windows=10, held_calls=20)

    def test_calls_that_the_core_makes_before_and_after(self):
        self.build_module("core_calls", "-DWITHOUT_LOCK")
        self.build_module("needs_lock")
        report = self.run_traced(CORE_TURNED_ON, env={})
        self.assert_lock(report, True, True)
        self.assert_calls(
            report, "getppid", 60, windows=20, unlocked_windows=10, held_calls=20, attached_calls=20
        )

    def test_the_doctor_says_so(self):
        for env, says in (OFF, "has no interpreter lock"), (ON, "has its interpreter lock on"):
            done = harness.run(
                harness.FFITAP, "doctor", "--", self.python, "-c", "pass", env=dict(os.environ, **env)
            )
            self.assertIn(f"this Python is free-threaded, and {says};", done.stdout.decode())


if __name__ == "__main__":
    harness.main()
