"""One recording of programs of every runtime gives one document, in which each function is under
its runtime."""

import shlex

import harness
import modes
import runtime
from test_runtime_fiddle import Counted as Fiddle
from test_runtime_guile import Counted as Guile
from test_runtime_other import Counted as Other
from test_runtime_php import Counted as Php
from test_runtime_platypus import Counted as Platypus

PYTHON = harness.PYTHON, "-B"
COMMANDS = {row.name: row.command for row in (Fiddle, Guile, Other, Php, Platypus)}
COMMANDS["ctypes"] = *PYTHON, harness.APPS / "runtimes/with_ctypes.py"
COMMANDS["cffi"] = *PYTHON, harness.APPS / "runtimes/with_cffi.py"


class Together(modes.Case):
    def test_each_function_is_labelled_with_its_runtime(self):
        programs = " && ".join(shlex.join(map(str, command)) for command in COMMANDS.values())
        for mode in "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, "sh", "-c", programs, timeout=120)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                self.assertEqual(len(runtime.PRINTED.findall(done.stdout)), len(COMMANDS))
                report = self.report()
                self.assert_complete(report, unseen="ldconfig")
                for name in COMMANDS:
                    calls = {
                        row["symbol"]: row["calls"]
                        for row in report["functions"]
                        if row["runtime"] == name
                    }
                    self.assertEqual(calls, {key: times for key, (_, times) in runtime.CALLS.items()})
                self.assertEqual({row["runtime"] for row in report["functions"]}, set(COMMANDS))


del Fiddle, Guile, Other, Php, Platypus  # these are the tests of other files

if __name__ == "__main__":
    harness.main()
