"""--filter and FFITAP_FILTER: what is left out is in no figure, and everything else is exact."""

import json
import os
import shutil
import unittest

import harness
import jsonschema
from harness import PYTHON

SCHEMA = json.loads((harness.SOURCE / "tools/report/ffitap-report-1.schema.json").read_text())
HOST = harness.BUILD / "tests/apps/core/core_host"

CALLS = {"abs": 7, "labs": 5, "toupper": 3, "crc32": 4, "adler32": 2}
PROGRAM = """
import ctypes
libc, libz = ctypes.CDLL("libc.so.6"), ctypes.CDLL("libz.so.1")
for _ in range(7): libc.abs(-1)
for _ in range(5): libc.labs(ctypes.c_long(-1))
for _ in range(3): libc.toupper(97)
for _ in range(4): libz.crc32(0, None, 0)
for _ in range(2): libz.adler32(0, None, 0)
"""

# A sort whose comparisons call one function with and one without the lock; prints how many it makes.
NESTED = """
import ctypes
libc, held = ctypes.CDLL("libc.so.6"), ctypes.PyDLL("libc.so.6")
count = 0
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
def compare(one, other):
    global count
    count += 1
    return held.toascii(one[0]) - libc.abs(other[0])
numbers = (ctypes.c_int * 20)(*(7 * number % 20 for number in range(20)))
for _ in range(3): libc.qsort(numbers, 20, 4, compare)
assert list(numbers) == list(range(20))
print(count)
"""

# The calls come from one place in the interpreter, so that the frames of each lie where those of
# the call before lay.
AFTER = """
import ctypes
calls = [
    ctypes.CDLL("libc.so.6").labs,
    ctypes.PyDLL("libc.so.6").abs,
    ctypes.CDLL("libc.so.6", use_errno=True).labs,
    ctypes.PyDLL("libc.so.6").abs,
    ctypes.CDLL("libc.so.6").toupper,
]
for call in calls * 10: call(ctypes.c_long(1))
"""


class Case(harness.Case):
    environment = {key: value for key, value in os.environ.items() if key != "FFITAP_FILTER"}

    def measure(self, command, *filters, program=(PYTHON, "-c", PROGRAM), **environment):
        """Runs the program; returns what it did and the report."""
        options = [word for one in filters for word in ("--filter", one)]
        done = harness.run(
            harness.FFITAP, command, "-o", self.data, *options, "--", *program,
            env={**self.environment, **environment},
        )
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        report = self.report()
        jsonschema.validate(report, SCHEMA)
        self.assert_complete(report)
        return done, report

    def counts(self, report):
        return {one["symbol"]: one["calls"] for one in report["functions"]}

    def assert_measured(self, symbols, report):
        """The report has these functions of PROGRAM and no others, each with all of its calls."""
        self.assertEqual(self.counts(report), {symbol: CALLS[symbol] for symbol in symbols.split()})


class Both:
    """What the two commands do alike; `command` is set below."""

    def check(self, symbols, *filters):
        _, report = self.measure(self.command, *filters)
        self.assert_measured(symbols, report)
        return report

    def test_a_symbol_of_a_library_is_excluded_from_what_is_included(self):
        report = self.check("labs crc32 adler32", "@libz.so.[0-9],*abs@libc.so.6", "!abs")
        self.assertEqual(
            report["recording"]["filter"], ["@libz.so.[0-9]", "*abs@libc.so.6", "!abs"]
        )

    def test_every_table_tells_of_it(self):
        done, _ = self.measure(self.command, "@libz.so*, !crc32")
        tables = [harness.run(harness.FFITAP, "report", self.data).stdout.decode()]
        if self.command == "stat":
            tables.append(done.stderr.decode())
        for table in tables:
            self.assertIn("\nFilter: @libz.so*, !crc32 (calls that it leaves out", table)
            self.assertIn("  adler32 (libz.so", table)
            for symbol in "abs", "crc32":
                self.assertNotIn(f"  {symbol} (lib", table)

    def test_nothing_of_a_call_that_is_left_out_shows_in_the_next(self):
        _, report = self.measure(self.command, "!labs", program=(PYTHON, "-c", AFTER))
        self.assertEqual(self.counts(report), {"abs": 20, "toupper": 10})
        held, other = (self.function(report, symbol) for symbol in ("abs", "toupper"))
        self.assertEqual((held["gil"]["windows"], held["gil"]["held_calls"]), (0, 20))
        self.assertEqual((other["gil"]["windows"], other["gil"]["held_calls"]), (10, 0))
        self.assertEqual((held["errno"]["swaps"], other["errno"]["swaps"]), (0, 0))

    def test_one_in_the_environment_counts_and_is_told(self):
        _, report = self.measure(self.command, FFITAP_FILTER="@libz*,!crc32")
        self.assert_measured("adler32", report)
        self.assertEqual(report["recording"]["filter"], ["@libz*", "!crc32"])

    def test_one_inside_of_another_does_not_inherit_it(self):
        inner = self.data
        self.data = self.folder / "outer"
        program = (harness.FFITAP, self.command, "-o", inner, "--", PYTHON, "-c", PROGRAM)
        self.measure(self.command, "abs", program=program)
        self.data = inner
        report = self.report()
        self.assert_measured("abs labs toupper crc32 adler32", report)
        self.assertEqual(report["recording"]["filter"], [])

    def test_what_is_no_pattern_is_refused(self):
        for filters, text in [
            ([""], "--filter: '': an empty pattern"),
            (["abs,"], "--filter: '': an empty pattern"),
            (["abs", ""], "--filter: '': an empty pattern"),
            (["!"], "--filter: '!': nothing behind the !"),
            (["abs", "x@"], "--filter: 'x@': no library behind the @"),
            (["abs,[a-"], "--filter: '[a-': a [ without its ]"),
            (["[[:alfa:]]"], "--filter: '[[:alfa:]]': no such class of characters"),
            (["a\\"], "--filter: 'a\\': nothing behind the \\"),
            (["/lib/libc.so.6"], "--filter: '/lib/libc.so.6': no symbol holds a /; a library"),
            (["a" * 2048, "b" * 2047], "--filter: too long"),
            (["a"] * 257, "--filter: 'a': one pattern too many"),
        ]:
            with self.subTest(filters[0][:20]):
                self.refuse(text, [word for one in filters for word in ("--filter", one)])
        self.refuse("FFITAP_FILTER: '[': a [ without its ]", [], FFITAP_FILTER="abs,[")

    def refuse(self, text, options, **environment):
        done = harness.run(
            harness.FFITAP, self.command, "-o", self.data, *options, "--", "echo", "ran",
            env={**self.environment, **environment},
        )
        self.assertEqual((done.returncode, done.stdout), (125, b""))
        self.assertTrue(done.stderr.decode().startswith(f"ffitap: {text}"), done.stderr)
        self.assertFalse(self.data.exists())


class Stat(Both, Case):
    command = "stat"

    def test_without_one_everything_is_there(self):
        report = self.check("abs labs toupper crc32 adler32")
        self.assertEqual(report["recording"]["filter"], [])

    def test_a_symbol_is_included(self):
        self.check("abs labs", "*abs")

    def test_a_symbol_is_excluded(self):
        self.check("labs toupper crc32 adler32", "!abs")

    def test_a_library_is_included(self):
        self.check("crc32 adler32", "@libz.so*")

    def test_a_library_is_excluded(self):
        self.check("crc32 adler32", "!@libc.so*")

    def test_a_path_is_matched_if_there_is_a_slash(self):
        self.check("crc32 adler32", "@*/libz.so*")
        self.check("", "@*/no/libz.so*")

    def test_what_is_left_out_can_be_everything(self):
        self.check("", "no_such_function")

    def test_loads_and_lookups_are_there_all_the_same(self):
        report = self.check("", "no_such_function")
        names = {one["name"] for one in report["loads"]}
        self.assertLessEqual({"libc.so.6", "libz.so.1"}, names)
        self.assertLessEqual(set(CALLS), {one["symbol"] for one in report["lookups"]})

    def test_calls_inside_of_one_that_is_left_out_are_measured(self):
        done, report = self.measure("stat", "!qsort", program=(PYTHON, "-c", NESTED))
        times = int(done.stdout)
        self.assertEqual(self.counts(report), {"abs": times, "toascii": times})
        gils = [self.function(report, symbol)["gil"] for symbol in ("abs", "toascii")]
        self.assertEqual([gil["windows"] for gil in gils], [times, 0])
        self.assertEqual([gil["held_calls"] for gil in gils], [0, times])
        self.assertEqual(report["in_flight"], [])

    def test_a_call_is_measured_whatever_is_left_out_inside_of_it(self):
        _, report = self.measure("stat", "qsort", program=(PYTHON, "-c", NESTED))
        self.assertEqual(self.counts(report), {"qsort": 3})
        gil = self.function(report, "qsort")["gil"]
        self.assertEqual((gil["windows"], gil["held_calls"], gil["wait_unknown"]), (3, 0, 0))

    def test_children_are_filtered_as_well(self):
        script = f"import os\nos.wait() if os.fork() else None\n{PROGRAM}"
        _, report = self.measure("stat", "crc32", program=(PYTHON, "-c", script))
        self.assertEqual(self.counts(report), {"crc32": 8})

    def test_the_option_takes_the_place_of_the_environments(self):
        _, report = self.measure("stat", "abs", FFITAP_FILTER="@libz*,!abs")
        self.assert_measured("abs", report)
        self.assertEqual(report["recording"]["filter"], ["abs"])

    def test_the_most_that_is_accepted_is_filtered_by(self):
        self.check("abs", "abs", *["x"] * 255)
        self.check("crc32", "a" * 4089, "crc32")

    def test_an_empty_one_in_the_environment_is_none(self):
        _, report = self.measure("stat", FFITAP_FILTER="")
        self.assert_measured("abs labs toupper crc32 adler32", report)
        self.assertEqual(report["recording"]["filter"], [])


class Record(Both, Case):
    command = "record"

    def test_the_trace_lacks_what_is_left_out(self):
        for events in "calls", "detail":
            with self.subTest(events):
                options = ["--events", events, "--filter", "!@libz*", "--filter", "!abs"]
                self.record(PYTHON, "-c", PROGRAM, options=options, env=self.environment)
                shutil.rmtree(self.data / "stat")
                report = self.report()
                self.assert_complete(report)
                self.assert_measured("labs toupper", report)


class Core(Case):
    """A program that is built on libffitap. test_core_recorded.py says how many calls it makes."""

    def test_it_is_filtered_by_the_option(self):
        _, report = self.measure("stat", "@libm.so*,compressBound", "!cbrt", program=[HOST])
        self.assertEqual(self.counts(report), {"sqrt": 110, "compressBound": 20})

    def test_it_is_filtered_by_its_own_environment(self):
        _, report = self.measure("stat", program=["env", "FFITAP_FILTER=!@libm.so*,!bsearch", HOST])
        self.assertEqual(self.counts(report), {"compressBound": 20, "close": 5, "abs": 7})
        self.assertEqual(self.function(report, "close")["errno"]["swaps"], 5)
        self.assertEqual(self.function(report, "abs")["errno"]["swaps"], 7)

    def test_it_is_filtered_without_any_command(self):
        self.stat("-o", self.data, "--", "true")
        token = json.loads((self.data / "recording").read_text())["token"]
        done = harness.run(
            HOST,
            env=dict(
                self.environment,
                FFITAP_STAT_DIR=str(self.data / "stat"),
                FFITAP_RECORDING=token,
                FFITAP_LTTNG="0",
                FFITAP_FILTER="close",
            ),
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.counts(self.report()), {"close": 5})

    def test_one_that_is_none_leaves_nothing_out(self):
        _, report = self.measure("stat", program=["env", "FFITAP_FILTER=sqrt,[", HOST])
        self.assertEqual(sum(one["calls"] for one in report["functions"]), 222)


if __name__ == "__main__":
    harness.main()
