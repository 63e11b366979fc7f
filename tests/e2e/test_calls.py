"""What goes through a foreign call, and how the call is left, is the same in every mode, and every
call is counted."""

import modes
from harness import BUILD, PYTHON, main, run

CALLS = BUILD / "tests" / "apps" / "calls"


class Calls(modes.Case):
    def assert_seen(self, report, calls, callbacks):
        self.assertEqual(self.calls(report), calls)
        self.assertEqual(sum(one["calls"] for one in report["callbacks"]), callbacks)
        self.assertEqual(report["losses"]["dropped_records"]["call"], 0)

    def test_values(self):
        plain, reports = self.assert_same(CALLS / "values")
        for line in b"deepest: 1000", b"on other threads: 244", b"exact: 1", b"not exact: 1":
            self.assertIn(line, plain.stdout.splitlines())
        calls = {"longer": 3, "turn": 3, "mix": 3, "reverse": 3, "third": 12, "fail": 9}
        for report in reports.values():
            self.assert_seen(report, dict(calls, descend=1000, from_thread=1), 1004)

    def test_calls_that_are_left(self):
        plain, reports = self.assert_same(CALLS / "leaving")
        for line in (
            b"caught: of a function",
            b"caught: of a callback",
            b"jumped: 7",
            b"destroyed: 30",
            b"lock given 18, taken 4",
        ):
            self.assertIn(line, plain.stdout.splitlines())
        calls = {"throwing": 3, "calling_back": 6, "jumping": 3, "leaving_thread": 3, "waiting": 3}
        for mode, report in reports.items():
            with self.subTest(mode):
                self.assertEqual(self.calls(report), dict(calls, spinning=3, returning=6))
                self.assertEqual(report["losses"]["dropped_records"]["call"], 0)
                self.assertEqual(report["in_flight"], [])

    def test_calls_on_stacks_that_switch_and_in_processes_that_part(self):
        plain, reports = self.assert_same(CALLS / "stacks")
        self.assertEqual(plain.stdout.splitlines()[0], b"quick 797")
        self.assertEqual(plain.stdout.splitlines()[-1], b"failures 0")
        # Two processes return from each of three forks: 3 calls more.
        for report in reports.values():
            self.assert_seen(report, {"quick": 797 + 9, "switching": 400, "forking": 6}, 0)
            self.assertEqual(len(report["processes"]), 4)

    def test_the_lock_that_native_code_gives_back_is_no_window_of_the_next_call(self):
        self.assert_asks_for_slots(
            CALLS / "libbuilt_in.so", "PyEval_SaveThread", "PyEval_RestoreThread", "ffi_call"
        )
        plain, reports = self.assert_same(CALLS / "built_in_main")
        self.assertEqual(plain.stdout, b"sum 2090, handled 60\n")
        calls = {"calling_back": 10, "asking_itself": 10, "keeping": 20}
        for mode, report in reports.items():
            with self.subTest(mode):
                self.assert_seen(report, calls, 30)
                self.assertEqual(report["in_flight"], [])
                for symbol, windows in ("calling_back", 10), ("asking_itself", 10), ("keeping", 0):
                    gil = self.function(report, symbol)["gil"]
                    seen = gil["windows"], gil["held_calls"]
                    self.assertEqual(seen, (windows, calls[symbol] - windows), symbol)

    def test_a_libffi_that_is_brought_along_under_another_name(self):
        script = "import ctypes, sys; print(ctypes.PyDLL(sys.argv[1]).bundled_run(10))"
        for binding in "lazy", "now":
            library = CALLS / f"libbundled_{binding}.so"
            self.assert_asks_for_slots(library, "cffistatic_ffi_call")
            plain, reports = self.assert_same(PYTHON, "-c", script, library)
            self.assertEqual(plain.stdout, b"55\n")
            for mode, report in reports.items():
                with self.subTest(mode, binding=binding):
                    found = self.function(report, "bundled_called")
                    self.assertEqual((found["calls"], found["runtime"]), (10, library.name))
                    self.assertEqual(self.function(report, "bundled_run")["calls"], 1)

    def assert_asks_for_slots(self, library, *names):
        """Without these slots there would be nothing that could be hooked."""
        slots = run("readelf", "--relocs", "--wide", library).stdout.decode().split()
        for name in names:
            self.assertIn(name, [slot.split("@")[0] for slot in slots])


if __name__ == "__main__":
    main()
