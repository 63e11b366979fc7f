#!/usr/bin/python3
"""check_paths.py finds what it is there for, in a tree that is made for it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("check_paths.py")
FILES = ("src/tap/known/exec.c", "src/tap/tap.h", "include/ffitap/version.h.in", "tests/e2e/test_top.py")


class Paths(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.source = pathlib.Path(folder.name)
        for name in FILES:
            self.write(name, "")

    def write(self, name, text):
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def complaints(self, text):
        self.write("src/tap/known/exec.c", text)
        done = subprocess.run([sys.executable, "-B", SCRIPT, self.source], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1 if done.stdout.strip() else 0, done.stderr)
        return done.stdout.split()

    def test_knows_a_path_from_the_top_and_as_in_an_include_line(self):
        self.assertEqual(self.complaints("/* src/tap/tap.h, tap/tap.h and tests/e2e/test_top.py. */"), [])

    def test_knows_what_is_generated(self):
        self.assertEqual(self.complaints("/* ffitap/version.h */"), [])

    def test_finds_what_is_not_there(self):
        for path in ("src/tap/exec.c", "tap/exec.h", "tests/e2e/test_bottom.py"):
            self.assertIn(path, self.complaints(f"/* As in {path}. */"))

    def test_leaves_alone_what_is_none_of_this_tree(self):
        text = '#include "tap/not_there.h"\n/* See sys/mman.h, /usr/tap/x.h and tap/NAME.h. */'
        self.assertEqual(self.complaints(text), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
