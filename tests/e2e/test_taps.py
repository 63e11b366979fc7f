#!/usr/bin/python3
"""ffitap with a tap that was built otherwise than its other parts."""
import json
import os
import shutil

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
    """The parts of the tap start in the order that is written down, whatever the linker's is."""

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


if __name__ == "__main__":
    sandbox.main()
