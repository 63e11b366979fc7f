"""Runs the tests of ctypes that came with this CPython, of whichever version from 2.7 on, and writes
what became of each into a file, one a line.

    ctypes_suite.py FILE
"""

import os
import re
import sys
import unittest

PACKAGES = ["test.test_ctypes", "ctypes.test"]  # of 3.12 and later; of those before


class Result(unittest.TextTestResult):
    """Keeps what became of every test, and of every part of a test that has parts. Names are kept
    without addresses, which differ from run to run."""

    def __init__(self, *arguments, **options):
        super(Result, self).__init__(*arguments, **options)
        self.outcomes = []

    def note(self, test, outcome):
        name = re.sub("0x[0-9a-f]+", "0x...", test.id().replace("\n", " "))
        self.outcomes.append("%s: %s" % (name, outcome))

    def addSuccess(self, test):
        super(Result, self).addSuccess(test)
        self.note(test, "ok")

    def addError(self, test, error):
        super(Result, self).addError(test, error)
        self.note(test, "error")

    def addFailure(self, test, error):
        super(Result, self).addFailure(test, error)
        self.note(test, "failed")

    def addSkip(self, test, reason):
        super(Result, self).addSkip(test, reason)
        self.note(test, "skipped")

    def addExpectedFailure(self, test, error):
        super(Result, self).addExpectedFailure(test, error)
        self.note(test, "failed as expected")

    def addUnexpectedSuccess(self, test):
        super(Result, self).addUnexpectedSuccess(test)
        self.note(test, "ok, unexpectedly")

    def addSubTest(self, test, part, error):
        super(Result, self).addSubTest(test, part, error)
        self.note(part, "failed" if error else "ok")


def find_package():
    for name in PACKAGES:
        try:
            __import__(name)
        except ImportError:
            continue
        if hasattr(sys.modules[name], "__path__"):  # before 3.12 test.test_ctypes is but a module
            return sys.modules[name]
    sys.exit("this Python has no tests of ctypes")


def load(name):
    """Some modules say only when they are imported that they cannot run here."""
    try:
        return unittest.defaultTestLoader.loadTestsFromName(name)
    except unittest.SkipTest as reason:
        print("%s is skipped: %s" % (name, reason))
        return unittest.TestSuite()


def find_tests():
    """Module by module: the package's own way to find them differs from version to version."""
    package = find_package()
    files = sorted(os.listdir(os.path.dirname(package.__file__)))
    return unittest.TestSuite(
        load(package.__name__ + "." + file[:-3])
        for file in files
        if file.startswith("test_") and file.endswith(".py")
    )


def main():
    runner = unittest.TextTestRunner(resultclass=Result, verbosity=2)
    result = runner.run(find_tests())
    with open(sys.argv[1], "w") as file:
        file.write("".join(line + "\n" for line in result.outcomes))
    print("%d tests" % result.testsRun)
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
