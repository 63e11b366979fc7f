#!/usr/bin/python3
"""ffitap with a tap that was built in another way than its other parts."""
import json
import os
import shutil
import subprocess

import harness
import sandbox
from sandbox import PYTHON

TAPS = harness.BUILD / "tests/apps/taps"

LOOP = """
import ctypes, os, threading, time
libc = ctypes.CDLL("libc.so.6", use_errno=True)
print(sum(libc.abs(-number) for number in range(1000)))
"""


class TestCase(sandbox.TestCase):
    def use_tap(self, name):
        """From here on the parts of ffitap find another tap beside them."""
        tap = os.path.join(self.lib, "libffitap-tap.so.0")
        os.unlink(tap)
        shutil.copy(TAPS / name / "libffitap-tap.so.0", tap)

    def report(self):
        result = self.run_ffitap("report", "--json", "data")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)


class LinkedInReverse(TestCase):
    """The parts of the tap start in the order that is written down, whatever the order of the
    linker is."""

    def setUp(self):
        super().setUp()
        self.use_tap("reversed")

    def test_calls_are_counted(self):
        result = self.run_ffitap("stat", "-o", "data", "--", PYTHON, "-c", LOOP)
        self.assertEqual((result.returncode, result.stdout), (0, "499500\n"), result.stderr)
        counted = {one["symbol"]: one["calls"] for one in self.report()["functions"]}
        self.assertEqual(counted["abs"], 1000)

    def test_the_call_in_flight_of_a_crashed_process_has_lasted(self):
        crash = LOOP + "time.sleep(0.05)\nlibc.abort()\n"
        result = self.run_ffitap("stat", "-o", "data", "--", PYTHON, "-c", crash)
        self.assertEqual(result.returncode, 134, result.stderr)
        (call,) = self.report()["in_flight"]
        self.assertEqual(call["symbol"], "abort")
        self.assertGreater(call["since_ns"], 0)

    def test_a_forked_child_counts_for_itself(self):
        script = LOOP + "if os.fork() == 0:\n libc.labs(-7)\n os._exit(0)\nos.wait()\n"
        result = self.run_ffitap("stat", "-o", "data", "--", PYTHON, "-c", script)
        self.assertEqual(result.returncode, 0, result.stderr)
        report = self.report()
        self.assertEqual(len(report["processes"]), 2)
        self.assertEqual({one["symbol"]: one["calls"] for one in report["functions"]}["labs"], 1)


class OfAnotherBuild(TestCase):
    """A part that finds a tap whose records are laid out in another way keeps away from it, and
    programs run on."""

    def setUp(self):
        super().setUp()
        self.use_tap("other_layout")

    def assert_not_seen(self, *command, output):
        """The program does what it does untraced, and none of its calls is in the report."""
        result = self.run_ffitap(*command)
        self.assertEqual((result.returncode, result.stdout), (7, output), result.stderr)
        report = self.report()
        self.assertEqual(report["functions"], [])
        return report

    def test_a_program_runs_as_untraced(self):
        script = LOOP + "threading.Thread(target=libc.abs, args=(-1,)).start()\n"
        script += "if os.fork() == 0:\n libc.labs(-7)\n os._exit(0)\nos.wait()\n"
        script += "ctypes.CDLL('libm.so.6')\nos._exit(7)\n"
        command = ["-o", "data", "--", PYTHON, "-uc", script]
        report = self.assert_not_seen("stat", *command, output="499500\n")
        self.assertTrue(report["losses"]["lower_bound"], report["losses"])

    def test_so_it_does_while_it_is_recorded(self):
        script = LOOP + "os._exit(7)\n"
        result = self.run_ffitap("record", "-o", "data", "--", PYTHON, "-uc", script)
        self.assertEqual((result.returncode, result.stdout), (7, "499500\n"), result.stderr)
        self.assertNotIn("abs", [one["symbol"] for one in self.report()["functions"]])

    def test_so_does_a_program_with_a_core_of_its_own(self):
        """Its libffitap is this build's, and it is given the tap that the shim brings along."""
        host = harness.BUILD / "tests/apps/core/core_host"
        plain = subprocess.run([host], stdout=subprocess.PIPE, text=True, check=False)
        result = self.run_ffitap("stat", "-o", "data", "--", host)
        self.assertEqual((result.returncode, result.stdout), (plain.returncode, plain.stdout),
                         result.stderr)
        self.assertEqual(self.report()["functions"], [])

    def test_so_does_the_core_that_is_asked_for_statistics(self):
        host = harness.BUILD / "tests/apps/core/self_counting"
        result = self.run_ffitap("stat", "-o", "data", "--", host, self.directory)
        self.assertIn("the tap that this process was given is of another build of ffitap",
                      result.stderr)
        self.assertEqual(result.returncode, 1)

    def test_the_doctor_says_so(self):
        result = self.run_ffitap("doctor")
        self.assertEqual(result.returncode, 2, result.stdout)
        for level, library in ("problem", "shim"), ("warning", "tracepoints"):
            self.assertRegex(
                result.stdout,
                rf"(?m)^ *{level} .*/libffitap-{library}.so is of another build than "
                r".*/libffitap-tap.so.0, and records nothing with it")


class OfTheProgram(TestCase):
    """A program brings the core of another build, which finds this build's tap."""

    def test_the_doctor_says_so(self):
        other = os.path.join(self.directory, "libffitap.so.0")
        shutil.copy(os.path.join(self.libdir, "libffitap.so.0"), other)
        subprocess.run(["objcopy", "--remove-section", ".ffitap.layout", other], check=True)
        host = harness.BUILD / "tests/apps/core/core_host"
        environment = {**os.environ, "LD_LIBRARY_PATH": self.directory}
        result = self.run_ffitap("doctor", "--", host, env=environment)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^ *warning .*libffitap.so.0 is of another build than .*"
                                        r"libffitap-shim.so: its calls are not seen")
        result = self.run_ffitap("doctor", "--", host)
        self.assertNotIn("another build", result.stdout)


if __name__ == "__main__":
    sandbox.main()
