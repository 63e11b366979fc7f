"""Ruby's Fiddle, whose interpreter lock is the GVL. Fiddle gives it up for each call unless told to
keep it."""

import harness
import runtime

# A thread that computes keeps the lock for as long as Ruby lets it, a tenth of a second. So a call
# waits that long if that thread got the lock during the call. Prints how long the calls took for
# their caller.
CROWDED = """
    require "fiddle"
    address = Fiddle.dlopen("libc.so.6")["usleep"]
    usleep = Fiddle::Function.new(address, [Fiddle::TYPE_INT], Fiddle::TYPE_INT)
    computed = calls = waits = elapsed = 0
    Thread.new { loop { computed += 1 } }
    while waits < 3
      before, start = computed, Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
      usleep.call(2000)
      elapsed += Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start
      calls += 1
      waits += 1 if computed > before
    end
    puts calls, elapsed
"""

# An exception comes while the lock is free, and ends the call there. Another call follows.
INTERRUPTED = """
    require "fiddle"
    require "io/nonblock"
    libc = Fiddle.dlopen("libc.so.6")
    types = [Fiddle::TYPE_INT, Fiddle::TYPE_VOIDP, Fiddle::TYPE_SIZE_T]
    read = Fiddle::Function.new(libc["read"], types, Fiddle::TYPE_SSIZE_T)
    abs = Fiddle::Function.new(libc["abs"], [Fiddle::TYPE_INT], Fiddle::TYPE_INT)
    pipe, other_end = IO.pipe
    pipe.nonblock = false
    buffer = "x" * 8
    reader = Thread.new do
      begin
        read.call(pipe.fileno, buffer, 8)
      rescue
        puts $!.message
        abs.call(-1)
      end
    end
    sleep 0.01 until reader.status == "sleep"
    reader.raise "enough"
    other_end.write "y"
    reader.join
"""


class Counted(runtime.Loading, runtime.Case):
    name = "fiddle"
    caller = "/fiddle.so"
    command = ("ruby", harness.APPS / "runtimes/with_fiddle.rb")


class Recorded(Counted):
    is_recorded = True


class Lock(harness.Case):
    def count(self, *command):
        self.printed = self.stat("-o", self.data, "--", "ruby", *command).stdout
        report = self.report()
        self.assert_complete(report)
        return report

    def test_a_call_that_keeps_it_has_no_window(self):
        report = self.count(harness.APPS / "runtimes/with_fiddle.rb", "--keep-lock")
        kept = self.function(report, "abs")
        self.assertEqual((kept["calls"], kept["runtime"]), (10, "fiddle"))
        self.assertEqual((kept["gil"]["windows"], kept["gil"]["held_calls"]), (0, 10))
        self.assertEqual(kept["errno"]["swaps"], 0)
        self.assertEqual(self.function(report, "cos")["gil"]["windows"], 100)

    def test_waiting_to_have_it_back_is_measured(self):
        usleep = self.function(self.count("-e", CROWDED), "usleep")
        calls, elapsed = map(int, self.printed.split())
        self.assertEqual((usleep["calls"], usleep["gil"]["windows"]), (calls, calls))
        self.assertGreater(usleep["gil"]["wait_ns"], 50_000_000)
        self.assertGreater(usleep["min_ns"], 2_000_000)
        self.assertLess(usleep["gil"]["wait_ns"] + usleep["total_ns"], elapsed)
        released = usleep["gil"]["wait_ns"] + usleep["total_ns"]
        self.assertAlmostEqual(usleep["gil"]["released_ns"], released, delta=2 * calls)

    def test_an_exception_that_comes_meanwhile_loses_no_call(self):
        report = self.count("-e", INTERRUPTED)
        self.assertEqual(self.printed, b"enough\n")
        for symbol in "read", "abs":
            function = self.function(report, symbol)
            self.assertEqual((function["calls"], function["gil"]["windows"]), (1, 1), symbol)


if __name__ == "__main__":
    harness.main()
