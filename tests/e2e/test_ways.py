"""Calls that are made in another way than by ffi_call: through a plan, with a closure of Go's, or
in all ways in turn, out of one object. They are calls like any others, and one object is one
runtime."""

import errno

import modes
import runtime
from harness import BUILD, main, run

FOLDER = BUILD / "tests/apps/ways"
CALLS = {"plan": {"ffi_call_plan_invoke"}, "go": {"ffi_call_go"}}
CALLS["turns"] = {"ffi_call"}.union(*CALLS.values())
# Also with plans of the system's libffi, if it has any.
CALLS.update(
    {
        f"libffis_{way}": CALLS[way]
        for way in ("plan", "turns")
        if (FOLDER / f"libffis_{way}").exists()
    }
)


# Plans of an object that does not look like a libffi, and plans in the calling object itself. The
# object that has the plan code calls ffi_call, and so the calls are its own.
PASSED_ON = "elsewhere", "elsewhere_turns", "built_in"


class Ways(modes.Case):
    def each(self, program):
        """What the program printed, and its reports, for each way and mode."""
        for way in (*CALLS, *PASSED_ON):
            with self.subTest(way):
                plain, reports = self.assert_same(FOLDER / way / program)
                for mode, report in reports.items():
                    with self.subTest(mode):
                        self.assertEqual(report["losses"]["dropped_records"]["call"], 0)
                        yield plain.stdout.splitlines(), report

    def test_each_is_the_only_way_that_its_program_knows(self):
        for way, functions in CALLS.items():
            for program in "values", "_ctypes.border.so", "with_libffi":
                slots = run("readelf", "--relocs", "--wide", FOLDER / way / program).stdout.decode()
                names = {slot.split("@")[0] for slot in slots.split()}
                found = {name for name in names if name.startswith("ffi_call")}
                self.assertEqual(
                    found - {"ffi_call_plan_alloc", "ffi_call_plan_free"}, functions, (way, program)
                )

    def test_values(self):
        calls = {"longer": 3, "turn": 3, "mix": 3, "reverse": 3, "third": 12, "fail": 9}
        for printed, report in self.each("values"):
            self.assertIn(b"deepest: 1000", printed)
            self.assertEqual(self.calls(report), dict(calls, descend=1000, from_thread=1))
            self.assertEqual(sum(one["calls"] for one in report["callbacks"]), 1004)

    def test_calls_that_are_left(self):
        calls = {"throwing": 3, "calling_back": 6, "jumping": 3, "leaving_thread": 3, "waiting": 3}
        for printed, report in self.each("leaving"):
            self.assertIn(b"lock given 18, taken 4", printed)
            self.assertEqual(self.calls(report), dict(calls, spinning=3, returning=6))
            self.assertEqual(report["in_flight"], [])

    def test_calls_on_stacks_that_switch_and_in_processes_that_part(self):
        for printed, report in self.each("stacks"):
            self.assertEqual(printed[-1], b"failures 0")
            calls = {"quick": 797 + 9, "switching": 400, "forking": 6}
            self.assertEqual(self.calls(report), calls)

    def test_exchanges_of_errno_and_the_lock(self):
        exchange = {"value": errno.EBADF, "name": "EBADF", "count": 3, "unchanged": 2}
        for printed, report in self.each("exchanging"):
            self.assertEqual(printed, [b"-5"])
            (found,) = report["functions"]
            self.assertEqual((found["symbol"], found["calls"]), ("refuse", 5))
            self.assertEqual((found["gil"]["windows"], found["gil"]["held_calls"]), (5, 0))
            self.assertEqual((found["errno"]["swaps"], found["errno"]["values"]), (3, [exchange]))


class Counted(runtime.Loading, runtime.Case):
    """One object that makes its calls in every way is one runtime."""

    name = "with_libffi"
    caller = "/with_libffi"
    command = (FOLDER / "turns/with_libffi",)
    has_lock = False


class Recorded(Counted):
    is_recorded = True


if "libffis_turns" in CALLS:

    class CountedOfLibffi(Counted):
        command = (FOLDER / "libffis_turns/with_libffi",)

    class RecordedOfLibffi(CountedOfLibffi):
        is_recorded = True


if __name__ == "__main__":
    main()
