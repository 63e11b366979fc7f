"""Native code calls back into an unmodified program. Each callback is counted, and nothing
changes."""

import harness
import interpreters

PROGRAMS = harness.BUILD / "tests/apps"
LIBRARY = PROGRAMS / "callbacks.so"
SCRIPT = harness.APPS / "callbacks.py"
NAP_NS = 20_000_000



def deepest(interpreter):
    """How deep callbacks.py nests its calls: CPython 3.12 allows less."""
    return 400 if interpreter.numbers[:2] == (3, 12) else 1000


# What callbacks.py prints, part by part, with the numbers that its docstring promises.
PRINTED = [
    b"sleep [0, 1, 2, 3, 4]",
    b"recurse %d",
    b"strange_thread [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]",
    b"come_and_go (49951000, True)",
    b"fork 6",
    b"held_lock 3",
]


def by_function(report):
    """How many callbacks there were, by the function that they came out of."""
    return {row["function"]: row["calls"] for row in report["callbacks"]}


@interpreters.each("_ctypes seen")
class Counted(harness.Case):
    """The counts that follow from callbacks.py. Its calls give the lock up; its callbacks ask for
    the lock and give it up again, in PyGILState_Release(), which is no window of a call."""

    def count(self, *command):
        self.printed = self.stat("-o", self.data, "--", *command).stdout
        report = self.report()
        self.assert_complete(report)
        for function in report["functions"]:
            gil = function["gil"]
            kept = interpreters.kept(self.interpreter, gil)
            self.assertEqual(gil["windows"] + kept, function["calls"], function)
        return report

    def run_part(self, part):
        return self.count(self.python, "-B", SCRIPT, LIBRARY, part)

    def test_each_one_is_counted_with_the_function_it_came_out_of(self):
        report = self.run_part("sort")
        name, count, in_order = self.printed.decode().replace("(", "").replace(",", "").split()
        self.assertEqual((name, in_order), ("sort", "True)"))
        self.assertGreater(int(count), 500)
        self.assertEqual(by_function(report), {"qsort": int(count)})
        self.assertEqual(self.function(report, "qsort")["gil"]["windows"], 1)

    def test_their_time_is_none_of_the_functions_own(self):
        report = self.run_part("sleep")
        self.assertEqual(self.printed.strip(), PRINTED[0])
        function = self.function(report, "call_back")
        (callbacks,) = report["callbacks"]
        self.assertEqual((function["calls"], callbacks["calls"]), (5, 5))
        self.assertGreaterEqual(callbacks["min_ns"], NAP_NS)
        self.assertGreaterEqual(function["total_ns"], 5 * NAP_NS)
        # Each of the five calls is rounded for itself.
        own = function["total_ns"] - callbacks["total_ns"]
        self.assertAlmostEqual(function["self_ns"], own, delta=5)

    def test_they_nest_a_thousand_deep(self):
        depth = deepest(self.interpreter)
        report = self.run_part("recurse")
        self.assertEqual(self.printed.strip(), PRINTED[1] % depth)
        function = self.function(report, "call_back")
        self.assertEqual((function["calls"], function["gil"]["windows"]), (depth, depth))
        self.assertEqual(by_function(report), {"call_back": depth})

    def test_on_a_thread_that_nobody_has_heard_of_they_came_out_of_no_call(self):
        report = self.run_part("strange_thread")
        self.assertEqual(self.printed.strip(), PRINTED[2])
        function = self.function(report, "call_back_in_thread")
        self.assertEqual((function["calls"], function["gil"]["windows"]), (10, 10))
        self.assertEqual(by_function(report), {None: 10})

    def test_a_hundred_thousand_that_come_and_go_take_no_memory(self):
        report = self.run_part("come_and_go")
        self.assertEqual(self.printed.strip(), PRINTED[3])
        self.assertEqual(by_function(report), {"call_back": 1000})

    def test_one_that_forks_ends_in_both(self):
        report = self.run_part("fork")
        self.assertEqual(self.printed.strip(), PRINTED[4])
        self.assertEqual(len(report["processes"]), 2)
        self.assertEqual(by_function(report), {"call_back": 3})

    def test_the_lock_given_up_at_the_end_of_one_is_no_window_of_the_next_call(self):
        report = self.run_part("held_lock")
        self.assertEqual(self.printed.strip(), PRINTED[5])
        for symbol, windows, held in (("call_back", 1, 0), ("abs", 0, 1)):
            gil = self.function(report, symbol)["gil"]
            kept = interpreters.kept(self.interpreter, gil)
            self.assertEqual((gil["windows"], kept), (windows, held), symbol)


class Left(harness.Case):
    def test_a_program_may_leave_them_in_each_way_there_is(self):
        for binding in "lazy", "now":
            with self.subTest(binding):
                done = self.stat("-o", self.data, "--", PROGRAMS / f"closures_{binding}")
                self.assertEqual(done.stdout, b"as it should be\n")
                report = self.report()
                self.assert_complete(report)
                function = self.function(report, "call_back")
                self.assertEqual(function["runtime"], f"closures_{binding}")
                # Ten callbacks return, and one each frees itself, is jumped over, ends its thread,
                # and forks. The forked child has the end of the last one, and one more callback
                # that returns.
                self.assertEqual((function["calls"], function["unfinished"]), (16, 2))
                # The program asks for errno before each call, which is no exchange.
                self.assertEqual(function["errno"]["swaps"], 0)
                # Callbacks that never came back are not counted as callbacks that ended.
                self.assertEqual(by_function(report), {"call_back": 14})


@interpreters.each("_ctypes seen")
class Recorded(harness.Case):
    """The same figures, from the events."""

    def test_they_are_counted_and_name_the_address_that_was_called(self):
        self.record(self.python, "-B", SCRIPT, LIBRARY)
        report = self.report()
        self.assert_complete(report)
        counts = by_function(report)
        self.assertGreater(counts.pop("qsort"), 500)
        self.assertEqual(counts, {"call_back": 5 + deepest(self.interpreter) + 1000 + 3 + 1, None: 10})

        shown = harness.run("babeltrace2", self.data / "trace").stdout.decode()
        entries = [line for line in shown.splitlines() if "ffitap:callback_entry" in line]
        of_no_call = [line for line in entries if " call_id = 0," in line]
        closures = {line.split("closure = ")[1].split(",")[0] for line in of_no_call}
        self.assertEqual((len(of_no_call), len(closures)), (10, 1))
        for function in report["functions"]:
            gil = function["gil"]
            kept = interpreters.kept(self.interpreter, gil)
            self.assertEqual(gil["windows"] + kept, function["calls"], function)
        self.assertEqual(self.function(report, "qsort")["gil"]["windows"], 1)
        gil = self.function(report, "abs")["gil"]
        self.assertEqual(interpreters.kept(self.interpreter, gil), 1)


class Unwatched(harness.Case):
    """Callbacks are hooked, but nobody counts or records them: `ffitap record` of loads alone."""

    def test_the_program_runs_as_ever(self):
        done = self.record(harness.PYTHON, SCRIPT, LIBRARY, options=("--events", "loads"))
        self.assertEqual(done.stdout.splitlines()[1:], [PRINTED[0], b"recurse 1000"] + PRINTED[2:])
        self.assertEqual(self.report()["callbacks"], [])
        done = self.record(PROGRAMS / "closures_lazy", options=("--events", "loads"))
        self.assertEqual(done.stdout, b"as it should be\n")


if __name__ == "__main__":
    harness.main()
