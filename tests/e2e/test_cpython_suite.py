"""CPython's own tests of ctypes end in every mode as they do without ffitap, each one, in every
version there is.

The outcome of some tests changes from run to run. So each version runs its tests twice without
ffitap. A test about which the two runs disagree is unsteady: it is named on stderr, and in every
mode it has to end, but may end in any way. Every other test has to have the same outcome, also if
that is a failure.
"""

import collections
import sys

import interpreters
import modes
from harness import APPS, PYTHON, main


def name_of(line):
    return line.rsplit(": ", 1)[0]


class Run:
    """What became of each test, as tests/apps/ctypes_suite.py wrote it."""

    def __init__(self, done, file):
        self.status = done.returncode
        self.said = done.stderr.decode(errors="replace")[-3000:]
        self.outcomes = collections.Counter(file.read_text().splitlines() if file.exists() else [])

    def names(self):
        return {name_of(line) for line in self.outcomes}

    def without(self, names):
        return sorted(line for line in self.outcomes.elements() if name_of(line) not in names)

    def disputed(self, other):
        """The tests about whose outcome this and another run disagree."""
        return {
            name_of(line)
            for line in (self.outcomes - other.outcomes) + (other.outcomes - self.outcomes)
        }


@interpreters.each("_ctypes", "_ctypes_test", "test.test_ctypes|ctypes.test")
class CPythonSuite(modes.Case):
    def run_suite(self, mode, name=None):
        folder = self.folder / f"{name or mode}-work"
        folder.mkdir()
        file = folder / "outcomes"
        suite = APPS / "ctypes_suite.py"
        return Run(self.run_in(mode, self.python, "-B", suite, file, cwd=folder), file)

    def run_without(self):
        """A run without ffitap, and what is unsteady without it."""
        plain = self.run_suite("untraced")
        unsteady = plain.disputed(self.run_suite("untraced", "again"))
        outcomes = collections.Counter(line.rsplit(": ", 1)[1] for line in plain.outcomes.elements())
        print(self.interpreter.version, "without ffitap:", dict(outcomes), file=sys.stderr)
        for line in plain.outcomes:
            if line.endswith((": failed", ": error")):
                print(self.interpreter.version, "without ffitap:", line, file=sys.stderr)
        for name in sorted(unsteady):
            print(self.interpreter.version, "is unsteady without ffitap:", name, file=sys.stderr)
        return plain, unsteady

    def test_each_test_ends_as_without(self):
        plain, unsteady = self.run_without()
        steady = plain.without(unsteady)
        self.assertGreater(sum(line.endswith(": ok") for line in steady), 300, plain.said)
        # Every version runs once with all events, and one version also with the events that
        # `record` has by default.
        more = ["default"] if self.python == PYTHON else []
        for mode in ["dormant", "stat", "record"] + more:
            with self.subTest(mode):
                run = self.run_suite(mode)
                self.assertEqual(run.without(unsteady), steady, run.said)
                self.assertLessEqual(unsteady, run.names())
                if not unsteady:
                    self.assertEqual(run.status, plain.status)
                if mode != "dormant":
                    self.assert_was_watched()

    def assert_was_watched(self):
        if interpreters.calls_through_slots(self.interpreter, "_ctypes"):
            called = [one for one in self.report()["functions"] if "_ctypes_test" in one["library"]]
            self.assertGreater(len(called), 50)


if __name__ == "__main__":
    main()
