"""A program that uses the core is recorded like any other, and by one tap: nothing counts twice."""

import harness

HOST = harness.BUILD / "tests" / "apps" / "core" / "core_host"


class CoreRecorded(harness.Case):
    def test_its_calls_loads_and_lookups_count_once(self):
        self.record(HOST)
        report = self.report()
        self.assert_complete(report)
        self.assertEqual({one["runtime"] for one in report["functions"]}, {"ffitap"})
        self.assertEqual(sum(one["calls"] for one in report["functions"]), 192)
        self.assertEqual(sum(one["errno"]["swaps"] for one in report["functions"]), 12)
        self.assertEqual(sum(one["count"] for one in report["loads"]), 4)
        lookups = report["lookups"]
        self.assertEqual(sum(one["count"] for one in lookups), 10)
        self.assertEqual(sum(one["cached"] for one in lookups), 3)


if __name__ == "__main__":
    harness.main()
