"""CPython's own tests of ctypes pass in every mode exactly as without ffitap."""

import re

import modes
from harness import PYTHON, main

SUITE = (PYTHON, "-B", "-m", "test", "-v", "test_ctypes")


def outcomes(output):
    """Each test's name and outcome; times and addresses differ from run to run."""
    return sorted(re.findall(r"^(\w+ \([\w.]+\)).* \.\.\. (ok|skipped|FAIL|ERROR|expected failure)",
                             output.decode(errors="replace"), re.MULTILINE))


class CPythonSuite(modes.Case):
    def test_it_passes_as_without(self):
        plain = self.run_in("untraced", *SUITE, cwd=self.folder)
        self.assertEqual(plain.returncode, 0, plain.stdout[-2000:])
        expected = outcomes(plain.stdout)
        self.assertGreater(len(expected), 300)

        for mode in "dormant", "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, *SUITE, cwd=self.folder)
                self.assertEqual(done.returncode, 0, done.stdout[-2000:])
                self.assertEqual(outcomes(done.stdout), expected)

    def test_it_passes_with_the_default_events(self):
        plain = self.run_in("untraced", *SUITE, cwd=self.folder)
        done = self.record(*SUITE, cwd=self.folder)
        self.assertEqual(outcomes(done.stdout), outcomes(plain.stdout))


if __name__ == "__main__":
    main()
