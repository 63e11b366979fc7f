"""A recording has a trace and statistics of the same calls: both must say the same."""

import json
import os
import shutil

import harness

# How much a call may differ because its start and its end are rounded.
RESOLUTION_NS = 1


class BothSources(harness.Case):
    def setUp(self):
        super().setUp()
        self.record(harness.PYTHON, harness.APPS / "known_counts.py")

    def without(self, part):
        """The report of the recording without one of its parts."""
        aside = self.folder / part
        shutil.move(self.data / part, aside)
        try:
            return self.report()
        finally:
            shutil.move(aside, self.data / part)

    @staticmethod
    def by_name(report, of, *identity):
        return {tuple(row[key] for key in identity): row for row in report[of]}

    def test_functions_agree(self):
        trace, counted = (
            self.by_name(self.without(part), "functions", "library", "symbol", "runtime")
            for part in ("stat", "trace")
        )
        self.assertEqual(trace.keys(), counted.keys())
        self.assertIn("usleep", {symbol for _, symbol, _ in trace})
        for name, by_trace in trace.items():
            with self.subTest(function=name):
                self.agree(by_trace, counted[name])

    def agree(self, trace, counted):
        for key in ("calls", "unfinished", "errno"):
            self.assertEqual(trace[key], counted[key], key)
        for key in ("p50_ns", "p99_ns"):
            self.assert_near(trace[key], counted[key])
        for one, other in zip(self.durations(trace), self.durations(counted), strict=True):
            self.assert_near(one, other)
        for key in ("windows", "held_calls"):
            self.assertEqual(trace["gil"][key], counted["gil"][key], key)
        slack = RESOLUTION_NS * trace["calls"]
        for key in ("total_ns", "self_ns", "min_ns", "max_ns"):
            self.assertAlmostEqual(trace[key], counted[key], delta=slack, msg=key)
        for key in ("released_ns", "wait_ns", "wait_max_ns"):
            self.assertAlmostEqual(trace["gil"][key], counted["gil"][key], delta=slack, msg=key)

    @staticmethod
    def durations(function):
        """The duration of each call, as far as its bucket tells."""
        return [lower for lower, _, count in function["histogram"] for _ in range(count)]

    def assert_near(self, one, other):
        """The two may differ as values do that are rounded to one bucket or to the next one."""
        self.assertAlmostEqual(one, other, delta=RESOLUTION_NS + max(one, other) / 32)

    def test_loads_and_lookups_agree(self):
        trace, counted = self.without("stat"), self.without("trace")
        for of, identity, counts in (
            ("loads", ("name", "caller", "path"), ("count", "failed", "error")),
            ("lookups", ("library", "symbol"), ("count", "cached", "failed", "error")),
        ):
            by_trace = self.by_name(trace, of, *identity)
            by_count = self.by_name(counted, of, *identity)
            self.assertEqual(by_trace.keys(), by_count.keys())
            for name, row in by_trace.items():
                self.assertEqual([row[key] for key in counts], [by_count[name][key] for key in counts],
                                 name)

    def test_nothing_is_counted_twice(self):
        both, counted = self.report(), self.without("trace")
        self.assertEqual([row["calls"] for row in both["functions"]],
                         [row["calls"] for row in counted["functions"]])

    def report_with_crashes(self):
        crashing = harness.BUILD / "tests/apps/crashing_babeltrace.so"
        return harness.run(harness.FFITAP, "report", "--json", self.data, text=True,
                           env={**os.environ, "LD_PRELOAD": str(crashing)})

    def test_what_was_counted_is_reported_though_babeltrace_crashes(self):
        done, counted = self.report_with_crashes(), self.without("trace")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        report = json.loads(done.stdout)
        self.assertEqual(report["functions"], counted["functions"])
        self.assertEqual(report["losses"]["damaged"][0],
                         "its trace is so damaged that babeltrace 2 crashes on it (Aborted); record "
                         "again; the report comes from its statistics alone")

    def test_without_counts_a_crash_is_an_error(self):
        shutil.rmtree(self.data / "stat")
        done = self.report_with_crashes()
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertEqual(done.stderr, f"ffitap: {self.data}: its trace is so damaged that babeltrace 2 "
                                      "crashes on it (Aborted); record again\n")

    def test_who_wants_only_loads_gets_no_statistics(self):
        self.record(harness.PYTHON, "-c", "", options=("--events", "loads"))
        self.assertFalse((self.data / "stat").exists())


if __name__ == "__main__":
    harness.main()
