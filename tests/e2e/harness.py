"""What the end-to-end tests share: running programs under ffitap and reading the reports."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["FFITAP_BUILD"])
FFITAP = BUILD / "bin" / "ffitap"
LIBRARIES = pathlib.Path(os.environ["FFITAP_LIBDIR"])
PRIVATE_LIBRARIES = LIBRARIES / "ffitap"
APPS = SOURCE / "tests" / "apps"
PYTHON = "/usr/bin/python3"
IS_LONG = os.environ.get("FFITAP_TEST_LONG") == "1"  # `tools/check --long` sets it


def extent(short, long):
    """How often, or for how many seconds, a test does something: `long` in a long run."""
    return long if IS_LONG else short


def run(*command, **options):
    """Runs a command to its end, and keeps the output as bytes."""
    options.setdefault("timeout", 300)
    return subprocess.run([str(part) for part in command], capture_output=True, **options)


def seconds(shown):
    """A duration as tables show it."""
    value, unit = shown.split()
    return float(value) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ffitap-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"

    def record(self, *command, options=(), status=0, **extra):
        """Records a command; returns what it did. Its status must be `status`."""
        done = run(FFITAP, "record", "-o", self.data, *options, "--", *command, **extra)
        self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace"))
        return done

    def stat(self, *arguments, status=0, **extra):
        """Runs `ffitap stat` with these arguments; returns what it did, with that status."""
        done = run(FFITAP, "stat", *arguments, **extra)
        self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace"))
        return done

    def report(self):
        done = run(FFITAP, "report", "--json", self.data)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return json.loads(done.stdout)

    def function(self, report, symbol, library=""):
        """The one function of that name whose library's path holds `library`."""
        found = [
            one
            for one in report["functions"]
            if one["symbol"] == symbol and library in one["library"]
        ]
        self.assertEqual(len(found), 1, f"{symbol}: {found}")
        return found[0]

    def assert_complete(self, report, unseen="none"):
        """Nothing is lost, and every program was seen, apart from those whose reason contains
        `unseen`."""
        losses = report["losses"]
        self.assertFalse(losses["lower_bound"], losses)
        self.assertEqual([one for one in losses["unseen_processes"] if unseen not in one["why"]], [])


def main():
    unittest.main(verbosity=2)
