"""What CPython looks up when it imports an extension module, and which of these lookups count as
failures. From 3.15 on it asks for PyModExport_NAME first, which is no failure if PyInit_NAME is
there."""

import harness
import interpreters

IMPORT = "import _ctypes"

# Asks what CPython 3.15 asks, in the same order, whatever the version of this CPython is.
ASKED = """
import _ctypes, ctypes
module = ctypes.CDLL(_ctypes.__file__)
assert not hasattr(module, "PyModExport__ctypes") and hasattr(module, "PyInit__ctypes")
assert not hasattr(module, "PyModExport_another") and not hasattr(module, "PyInit_another")
"""
ANOTHER = {"PyModExport_another", "PyInit_another"}


class Case(harness.Case):
    def lookups(self, program):
        self.stat("-o", self.data, "--", self.python, "-c", program)
        return self.report()["lookups"]

    def failed_in_table(self):
        table = harness.run(harness.FFITAP, "report", self.data).stdout.decode()
        before, section, rest = table.partition("\nFailed lookups\n")
        return [line.split()[1] for line in rest.split("\n\n")[0].splitlines()]


@interpreters.each("_ctypes seen")
class Import(Case):
    def test_no_lookup_fails(self):
        lookups = self.lookups(IMPORT)
        ours = [one for one in lookups if one["symbol"].endswith("_ctypes")]
        names = {one["symbol"] for one in ours}
        self.assertTrue(names & {"PyInit__ctypes", "init_ctypes"}, lookups)
        self.assertEqual("PyModExport__ctypes" in names, self.interpreter.numbers >= (3, 15))
        self.assertEqual([one for one in ours if one["failed"] != one["expected"]], [])
        self.assertEqual(self.failed_in_table(), [])


class Asked(Case):
    python = harness.PYTHON

    def test_only_what_is_not_there_under_either_name_fails(self):
        failed = {
            one["symbol"]: one["failed"] - one["expected"]
            for one in self.lookups(ASKED)
            if one["failed"]
        }
        self.assertEqual(failed, dict.fromkeys(ANOTHER, 1) | {"PyModExport__ctypes": 0})
        self.assertEqual(set(self.failed_in_table()), ANOTHER)


if __name__ == "__main__":
    harness.main()
