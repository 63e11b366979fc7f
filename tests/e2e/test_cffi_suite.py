"""In ABI mode cffi does the same with ffitap as without, in every CPython that has cffi.

tests/apps/cffi_abi.py is ours and prints what every part of ABI mode does. cffi's own tests are in no
package, only in its sources; where FFITAP_CFFI_SOURCE names those of the system's cffi, unpacked (as by
`apt-get source python-cffi`), and the system's Python has pytest, they run as well.
"""

import os
import pathlib
import shutil
import xml.etree.ElementTree

import interpreters
import modes
from harness import APPS, PYTHON, main

SOURCE = os.environ.get("FFITAP_CFFI_SOURCE")

# The tests of ABI mode. The others compile modules, whose calls do not pass through libffi.
OWN = """
    c/test_c.py
    testing/cffi0/test_cdata.py testing/cffi0/test_ffi_backend.py testing/cffi0/test_function.py
    testing/cffi0/test_model.py testing/cffi0/test_ownlib.py testing/cffi0/test_parsing.py
    testing/cffi0/test_unicode_literals.py
    testing/cffi1/test_dlopen.py testing/cffi1/test_dlopen_unicode_literals.py
    testing/cffi1/test_ffi_obj.py testing/cffi1/test_new_ffi_1.py testing/cffi1/test_re_python.py
""".split()


@interpreters.each("cffi", "_cffi_backend seen")
class CffiSuite(modes.Case):
    def test_it_does_the_same(self):
        plain, reports = self.assert_same(self.python, "-B", APPS / "cffi_abi.py")
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
                    self.assertEqual(found["errno"]["swaps"], calls, symbol)
                self.assertEqual(self.function(report, "sqrt", "libm")["calls"], 2)
                self.assert_complete(report, unseen="ldconfig")


if SOURCE:

    class OwnTests(modes.Case):
        def outcomes(self, mode):
            """What became of each, by its name."""
            folder = self.folder / f"{mode}-work"
            for part in "c", "testing":
                shutil.copytree(pathlib.Path(SOURCE, part), folder / part)
            file = folder / "outcomes.xml"
            done = self.run_in(mode, PYTHON, "-B", "-m", "pytest", "-p", "no:cacheprovider",
                               f"--junitxml={file}", *OWN, cwd=folder, timeout=900)
            self.assertTrue(file.exists(), done)
            return {
                f"{test.get('classname')}.{test.get('name')}": sorted(part.tag for part in test)
                for test in xml.etree.ElementTree.parse(file).iter("testcase")
            }

        def test_each_ends_as_without(self):
            plain = self.outcomes("untraced")
            self.assertGreater(sum(not parts for parts in plain.values()), 500)
            for mode in "dormant", "stat", "record":
                with self.subTest(mode):
                    self.assertEqual(self.outcomes(mode), plain)

else:
    interpreters.say("cffi's own tests are not run: FFITAP_CFFI_SOURCE does not name its sources")


if __name__ == "__main__":
    main()
