"""A million calls in a loop. The statistics of the program have all of them, and the trace has all
of them or says how many are missing."""

import shutil

import harness

CALLS = 1_000_000
LOOP = f"""
import ctypes
absolute, three = ctypes.CDLL("libc.so.6").abs, ctypes.c_int(-3)
for _ in range({CALLS}):
    absolute(three)
"""


class HotLoop(harness.Case):
    def seen_and_lost(self, *options):
        done = self.record(harness.PYTHON, "-c", LOOP, options=options)
        self.assertRegex(done.stderr, rb"(?m)^ffitap: (more than )?\d{4,} events, \d+ discarded, ")
        counted = self.report()
        self.assertEqual(self.function(counted, "abs", "libc")["calls"], CALLS)
        self.assertFalse(counted["losses"]["lower_bound"])
        shutil.rmtree(self.data / "stat")
        report = self.report()
        calls = self.function(report, "abs", "libc")["calls"]
        losses = report["losses"]
        self.assertEqual(losses["lower_bound"], calls != CALLS, losses)
        return calls, losses["discarded_events"]

    def test_the_default_buffers_account_for_every_call(self):
        calls, discarded = self.seen_and_lost()
        self.assertEqual(calls + discarded, CALLS)

    def test_small_buffers_lose_calls_and_say_exactly_how_many(self):
        calls, discarded = self.seen_and_lost("--buffer-size", "64K")
        self.assertEqual(calls + discarded, CALLS)


if __name__ == "__main__":
    harness.main()
