"""A program that uses the core is recorded like any other, and by a single tap, so that nothing is
counted twice."""

import harness

HOST = harness.BUILD / "tests" / "apps" / "core" / "core_host"


class CoreRecorded(harness.Case):
    def test_its_calls_loads_and_lookups_count_once(self):
        self.record(HOST)
        report = self.report()
        self.assert_complete(report)
        self.assertEqual({one["runtime"] for one in report["functions"]}, {"ffitap"})
        self.assertEqual(sum(one["calls"] for one in report["functions"]), 222)
        self.assertEqual(sum(one["errno"]["swaps"] for one in report["functions"]), 42)
        self.assertEqual(sum(one["count"] for one in report["loads"]), 4)
        lookups = report["lookups"]
        self.assertEqual(sum(one["count"] for one in lookups), 11)
        self.assertEqual(sum(one["cached"] for one in lookups), 3)

    def test_its_callbacks_count_with_the_function_that_they_came_out_of(self):
        self.record(HOST)
        report = self.report()
        callbacks = {one["function"]: one for one in report["callbacks"]}
        self.assertEqual({name: one["calls"] for name, one in callbacks.items()},
                         {"bsearch": 30, None: 1})
        self.assertEqual({one["runtime"] for one in report["callbacks"]}, {"ffitap"})
        self.assertGreaterEqual(callbacks["bsearch"]["min_ns"], 100000)
        function, = (one for one in report["functions"] if one["symbol"] == "bsearch")
        self.assertGreater(function["self_ns"], 0)
        self.assertLessEqual(function["self_ns"],
                             function["total_ns"] - callbacks["bsearch"]["total_ns"])


if __name__ == "__main__":
    harness.main()
