"""What the tests of the runtimes share: tests/apps/runtimes has one script for each runtime, and
all of them make the same calls and callbacks. The report must say exactly these, whether they were
counted or recorded."""

import re

import harness

CALLS = {
    "cos": ("libm.so", 100),
    "crc32": ("libz.so", 200),
    "usleep": ("libc.so", 5),
    "qsort": ("libc.so", 1),
    "sqlite3_open": ("libsqlite3.so", 1),
    "sqlite3_exec": ("libsqlite3.so", 3),
    "sqlite3_close": ("libsqlite3.so", 1),
}
ROWS = 5
SLEPT_NS = 5 * 2_000_000
PRINTED = re.compile(rb"-0\.3946 3ec5c3d2 (\d+) 1,2,3,5,8\n")

ABSENT_SYMBOL = "ffitap_no_such_function"
ABSENT_LIBRARY = "libffitap-does-not-exist.so.1"


class Case(harness.Case):
    """One run of `command`, whose object `caller` makes the calls of `runtime`."""

    name = caller = None
    command = ()
    is_recorded = False
    calls = CALLS
    has_callbacks = True
    has_lock = True
    unseen = "none"
    exchanges_errno = 0  # by how many of the calls

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("setUp")
        case.setUp()
        cls.addClassCleanup(case.doCleanups)
        command = [str(part) for part in cls.command]
        if cls.is_recorded:
            cls.printed = case.record(*command).stdout
        else:
            cls.printed = case.stat("-o", case.data, "--", *command).stdout
        cls.document = case.report()

    def ours(self, table):
        return [row for row in self.document[table] if row["runtime"] == self.name]

    def test_nothing_is_lost(self):
        self.assert_complete(self.document, self.unseen)

    def test_the_program_does_what_it_does_alone(self):
        self.assertRegex(self.printed, PRINTED)

    def test_every_call_is_counted_with_its_function_and_runtime(self):
        counted = {
            row["symbol"]: (row["library"].rsplit("/", 1)[1].split(".so")[0] + ".so", row["calls"])
            for row in self.ours("functions")
        }
        self.assertEqual(counted, self.calls)

    def test_every_callback_is_counted_with_the_function_it_came_out_of(self):
        counted = {row["function"]: row["calls"] for row in self.ours("callbacks")}
        if self.has_callbacks:
            compared = int(PRINTED.fullmatch(self.printed)[1])
            self.assertGreater(compared, 300)
            self.assertEqual(counted, {"qsort": compared, "sqlite3_exec": ROWS})
        else:
            self.assertEqual(counted, {})

    def test_sleeping_is_measured_and_the_lock_is_free_meanwhile(self):
        usleep = self.function(self.document, "usleep")
        self.assertGreaterEqual(usleep["total_ns"], SLEPT_NS)
        if self.has_lock:
            self.assert_lock_came_back(usleep)

    def assert_lock_came_back(self, function):
        """The lock was free during the call and the wait. Each of the times is rounded for
        itself."""
        gil = function["gil"]
        self.assertAlmostEqual(
            gil["released_ns"], function["total_ns"] + gil["wait_ns"], delta=2 * function["calls"]
        )

    def test_the_lock_is_given_up_for_every_call_if_there_is_one(self):
        for row in self.ours("functions"):
            windows = row["calls"] if self.has_lock else 0
            self.assertEqual(
                (row["gil"]["windows"], row["gil"]["held_calls"]), (windows, 0), row["symbol"]
            )

    def test_having_the_lock_back_takes_time_if_there_is_one(self):
        waited = sum(row["gil"]["wait_ns"] for row in self.ours("functions"))
        self.assertEqual(waited > 0, self.has_lock)

    def test_the_time_in_callbacks_is_none_of_their_functions_own(self):
        for row in self.ours("callbacks"):
            function = self.function(self.document, row["function"])
            self.assertLess(function["self_ns"], function["total_ns"])
            self.assertLessEqual(
                function["self_ns"] + row["total_ns"], function["total_ns"] + row["calls"]
            )

    def test_exchanges_of_errno_are_counted(self):
        swaps = sum(row["errno"]["swaps"] for row in self.ours("functions"))
        self.assertEqual(swaps, self.exchanges_errno)


class Loading:
    """The tests of runtimes that load libraries and look symbols up themselves."""

    loads = {name: 1 for name in ("libc.so.6", "libm.so.6", "libz.so.1", "libsqlite3.so.0")}
    lookups = {name: 1 for name in CALLS}

    def by_caller(self):
        return [one for one in self.document["loads"] if self.caller in one["caller"]]

    def test_loads_are_counted_by_name(self):
        loads = {
            one["name"].rsplit("/", 1)[-1]: one["count"]
            for one in self.by_caller()
            if one["name"] and not one["failed"]
        }
        self.assertEqual({name: loads.get(name) for name in self.loads}, self.loads)

    def test_a_failed_load_carries_its_text(self):
        (failed,) = [one for one in self.by_caller() if one["name"] == ABSENT_LIBRARY]
        self.assertEqual((failed["count"], failed["failed"]), (1, 1))
        self.assertIn("cannot open shared object file", failed["error"])

    def test_lookups_are_counted(self):
        lookups = {
            one["symbol"]: one["count"]
            for one in self.document["lookups"]
            if one["symbol"] in self.lookups and not one["failed"]
        }
        self.assertEqual(lookups, self.lookups)

    def test_a_failed_lookup_carries_its_text(self):
        (failed,) = [one for one in self.document["lookups"] if one["symbol"] == ABSENT_SYMBOL]
        self.assertEqual((failed["count"], failed["failed"]), (1, 1))
        self.assertIn("undefined symbol: " + ABSENT_SYMBOL, failed["error"])
