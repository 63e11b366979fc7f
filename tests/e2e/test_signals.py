"""Signal handlers make foreign calls at every moment of a call. Nothing breaks, and every call is
counted."""

import random
import re

import harness
import modes
from harness import BUILD, main

CALLS = BUILD / "tests" / "apps" / "calls"


def stride(short, long):
    """A stride: every so many instructions, from another one on in each run. A long run leaves out
    fewer instructions, or none."""
    step = harness.extent(short, long)
    return f"{step}+{random.randrange(step)}"


def printed(done):
    return {key: int(value) for key, value in map(str.split, done.stdout.decode().splitlines())}


class Stepped(modes.Case):
    """The processor traps after each instruction, and the handler does something each time."""

    def step(self, mode, *arguments):
        done = self.run_in(mode, CALLS / "stepped", *arguments, timeout=900)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        made = printed(done)
        self.assertEqual(made["failures"], 0)
        self.assertGreater(made["rounds"], 20)
        if mode == "dormant":
            return made, None, None
        report = self.report()
        self.assertEqual(report["losses"].get("damaged", []), [])
        for one in report["functions"]:
            self.assertLessEqual(one["max_ns"], report["recording"]["duration_ns"])
        seen = self.calls(report)
        known, other = seen.pop("known_function", 0), seen.pop("other_function", 0)
        return made, {
            "known_function": known,
            "other_function": other,
            "fresh": sum(seen.values()),
        }, report["losses"]["dropped_records"]["call"]

    def assert_exact(self, mode, *arguments):
        made, seen, lost = self.step(mode, *arguments)
        self.assertEqual(lost, 0)
        self.assertEqual(seen, {key: made[key] for key in seen})

    def test_calls_that_are_counted(self):
        for stack in "same", "below", "above":
            for action in "known", "other", "fresh":
                where = stride(17, 5)
                with self.subTest(stack=stack, action=action, stride=where):
                    self.assert_exact("stat", "plain", "known", stack, action, where)

    def test_first_calls_of_functions(self):
        for stack in "same", "above":
            for action in "known", "fresh":
                with self.subTest(stack=stack, action=action):
                    self.assert_exact("stat", "plain", "fresh", stack, action, "61")

    def test_calls_that_give_up_the_lock(self):
        """A handler that makes a call after the lock was released and before the call takes the
        window; no window is lost."""
        for caller, stack, where in (
            ("unlocked", "same", stride(23, 1)),
            ("unlocked", "above", stride(29, 11)),
            ("swapped", "same", stride(29, 11)),
        ):
            with self.subTest(caller=caller, stack=stack, stride=where):
                self.assert_exact("stat", caller, "known", stack, "other", where)

    def test_two_signals_in_one_call(self):
        """The second handler finds what the first one left behind, at any distance of
        instructions."""
        apart = str(harness.extent(101, 24))
        for caller, *where in ("plain", "3", "20", "100", "9"), ("unlocked", apart, "80", "120", "640"):
            with self.subTest(caller=caller):
                self.assert_exact("stat", caller, "known", "same", "other", *where)

    def test_a_call_that_takes_off_another_one(self):
        for stack in "same", "above":
            where = stride(23, 1)
            with self.subTest(stack=stack, stride=where):
                self.assert_exact("stat", "behind", "known", stack, "other", where)

    def test_calls_that_are_recorded(self):
        """The events of a thread are in the trace or counted as lost, because LTTng nests only four
        of them."""
        for stack in "same", "above":
            where = stride(401, 61)
            with self.subTest(stack=stack, stride=where):
                self.assert_exact("record", "swapped", "known", stack, "other", where)

    def test_nothing_is_recorded(self):
        for stack in "same", "above":
            self.step("dormant", "swapped", "known", stack, "other", "13")

    def test_a_handler_that_leaves_by_siglongjmp(self):
        """Nobody can say whether a call had been made when it was left."""
        for function, where in ("known", stride(11, 1)), ("fresh", stride(31, 5)):
            for stack in "same", "above":
                with self.subTest(function=function, stack=stack, stride=where):
                    made, seen, lost = self.step("stat", "plain", function, stack, "jump", where)
                    most = made["known_function"] + made["fresh"] + made["rounds"]
                    total = sum(seen.values()) + lost
                    self.assertLessEqual(made["known_function"] - made["rounds"], total)
                    self.assertLessEqual(total, most + 1)

    def test_a_child_goes_on_with_the_call_that_its_parent_was_in(self):
        """This is not tried under `record`, because LTTng waits for ever after a fork(2) in the
        middle of an event."""
        for caller, function, where in (
            ("unlocked", "known", stride(61, 11)),
            ("plain", "fresh", stride(101, 11)),
        ):
            for stack in "same", "above":
                with self.subTest(caller=caller, stack=stack, stride=where):
                    made, seen, lost = self.step("stat", caller, function, stack, "fork", where)
                    self.assertLessEqual(made["known_function"], seen["known_function"] + lost)

    def test_a_lock_is_not_left_behind(self):
        """Other threads get the lock, and functions that are called for the first time later still
        have their names."""
        for stack in "same", "above":
            where = stride(31, 5)
            with self.subTest(stack=stack, stride=where):
                made, seen, lost = self.step("stat", "plain", "fresh", stack, "leave", where)
                self.assertLessEqual(made["fresh"] - made["rounds"], seen["fresh"] + lost)
                self.assertEqual(self.report()["losses"]["undefined_functions"], 0)


class Storm(modes.Case):
    def weather(self, mode, threads):
        """How many calls the storm made that are neither seen nor lost, and how many are lost."""
        done = self.run_in(mode, CALLS / "storm", threads, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        made = printed(done)
        self.assertEqual(made.pop("failures"), 0)
        report = self.report()
        self.assertEqual(report["losses"].get("damaged", []), [])
        seen, lost = self.calls(report), report["losses"]["dropped_records"]["call"]
        for function, calls in made.items():
            self.assertLessEqual(seen.get(function, 0), calls)
        return sum(made.values()) - sum(seen.values()) - lost, lost

    def test_threads_under_a_storm_of_signals(self):
        for mode in "stat", "record":
            with self.subTest(mode):
                self.assertEqual(self.weather(mode, "known"), (0, 0))

    def test_threads_that_are_new_to_it(self):
        """A handler that interrupts its thread's very first call finds no place to count in."""
        for mode in "stat", "record":
            with self.subTest(mode):
                self.assertEqual(self.weather(mode, "new")[0], 0)


class Ending(modes.Case):
    def test_a_handler_while_its_thread_ends(self):
        """LTTng holds a lock there without blocking signals. Calls that are made then are counted,
        but their events are lost."""
        self.assert_ends()

    def test_the_same_where_lttng_knew_the_thread_before(self):
        self.assert_ends("known")

    def assert_ends(self, *arguments):
        for mode in "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, CALLS / "ending", *arguments)
                self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                made = printed(done)
                self.assertEqual(made["failures"], 0)
                if mode == "record":
                    self.assertGreater(made["signals"], 0)
                report = self.report()
                known, last = made["known_function"], made["last_function"]
                expected = {"known_function": known, "last_function": last}
                self.assertEqual(self.calls(report), expected)
                others = report["losses"]["dropped_records"].pop("other")
                self.assertEqual(others > 0, mode == "record")
                self.assertEqual(set(report["losses"]["dropped_records"].values()), {0})
        events = harness.run("babeltrace2", self.data / "trace").stdout.decode()
        self.assertEqual(len(re.findall(r"ffitap:call: .* flags = 0xA,", events)), last)
        seen = len(re.findall("ffitap:call(?:_entry|_exit)?: ", events))
        self.assertEqual(seen + others, 3 * (known + last))


if __name__ == "__main__":
    main()
