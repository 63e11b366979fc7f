"""cffi does in ABI mode what it does without ffitap. Its own tests are in no package, so these are
ours: tests/apps/cffi_abi.py prints what every part of it does."""

import modes
from harness import APPS, PYTHON, main


class CffiSuite(modes.Case):
    def test_it_does_the_same(self):
        plain, reports = self.assert_same(PYTHON, "-B", APPS / "cffi_abi.py")
        self.assertEqual(plain.returncode, 0, plain.stderr)
        lines = plain.stdout.splitlines()
        for line in b"-1 9", b"raised ZeroDivisionError", b"deeply 100", b"2 -7":
            self.assertIn(line, lines)
        expected = {"div": 1, "abs": 801, "labs": 2, "close": 1, "qsort": 1, "usleep": 4}
        for mode, report in reports.items():
            with self.subTest(mode):
                for symbol, calls in expected.items():
                    found = self.function(report, symbol, "libc")
                    self.assertEqual((found["calls"], found["runtime"]), (calls, "cffi"), symbol)
                    self.assertEqual(found["gil"]["windows"], calls, symbol)
                self.assertEqual(self.function(report, "sqrt", "libm")["calls"], 2)
                self.assert_complete(report)


if __name__ == "__main__":
    main()
