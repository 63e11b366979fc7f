"""PyGObject. libgirepository looks its functions up and makes its closures."""

import harness

PRINTED = b"True bd465a2ae8519b178a31319c561fbd7b 0\n"
CALLS = {"g_get_monotonic_time": 100, "g_compute_checksum_for_string": 50, "g_usleep": 5}
SLEPT_NS = 5 * 2_000_000


class Counted(harness.Case):
    def run_it(self, *command):
        return self.stat("-o", self.data, "--", *command)

    def setUp(self):
        super().setUp()
        done = self.run_it(harness.PYTHON, harness.APPS / "runtimes/with_gi.py")
        self.assertEqual(done.stdout, PRINTED)
        self.document = self.report()
        self.assert_complete(self.document)

    def test_every_call_is_counted_and_gives_up_the_lock(self):
        for symbol, calls in CALLS.items():
            function = self.function(self.document, symbol, "libglib-2.0.so")
            gil = function["gil"]
            self.assertEqual(
                (function["runtime"], function["calls"], gil["windows"], gil["held_calls"]),
                ("pygobject", calls, calls, 0),
                symbol,
            )

    def test_sleeping_is_measured_and_the_lock_is_free_meanwhile(self):
        usleep = self.function(self.document, "g_usleep")
        self.assertGreaterEqual(usleep["total_ns"], SLEPT_NS)
        self.assertGreaterEqual(usleep["gil"]["released_ns"], SLEPT_NS)

    def test_having_the_lock_back_takes_time(self):
        waits = [self.function(self.document, symbol)["gil"]["wait_ns"] for symbol in CALLS]
        self.assertGreater(sum(waits), 0)

    def test_every_callback_is_counted_with_the_call_it_came_out_of(self):
        counted = [
            (row["runtime"], row["function"], row["calls"]) for row in self.document["callbacks"]
        ]
        ((runtime, *rest),) = counted
        self.assertRegex(runtime, r"^libgirepository-(1\.0\.so\.1|2\.0\.so\.0)$")  # by suite
        self.assertEqual(rest, ["g_main_context_iteration", 1 + 2 + 3])


class Recorded(Counted):
    def run_it(self, *command):
        return self.record(*command)


if __name__ == "__main__":
    harness.main()
