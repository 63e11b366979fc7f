"""CPython's own tests of ctypes pass under ffitap exactly as without it."""

import re

import harness

SUITE = (harness.PYTHON, "-B", "-m", "test", "-v", "test_ctypes")


def outcomes(output):
    """Each test's name and outcome; times and addresses differ from run to run."""
    return sorted(re.findall(r"^(\w+ \([\w.]+\)).* \.\.\. (ok|skipped|FAIL|ERROR|expected failure)",
                             output.decode(errors="replace"), re.MULTILINE))


class CPythonSuite(harness.Case):
    def test_it_passes_as_without(self):
        plain = harness.run(*SUITE, cwd=self.folder)
        self.assertEqual(plain.returncode, 0, plain.stdout[-2000:])
        expected = outcomes(plain.stdout)
        self.assertGreater(len(expected), 300)

        for events in "calls", "detail":
            with self.subTest(events):
                self.data = self.folder / events
                done = self.record(*SUITE, options=("--events", events), cwd=self.folder)
                self.assertEqual(outcomes(done.stdout), expected)


if __name__ == "__main__":
    harness.main()
