"""A stand-in for a free-threaded CPython comes and goes, or comes late. Each call is reported with
the lock of the CPython that is there."""

import modes
from harness import BUILD, main

STUB = BUILD / "tests" / "apps" / "free_threading"


class FreeThreadedStub(modes.Case):
    def assert_calls(self, report, calls, **expected):
        """The figures of the lock are those that are named; the others are 0."""
        function = self.function(report, "abs")
        keys = "windows", "unlocked_windows", "held_calls", "attached_calls"
        figures = {key: function["gil"][key] for key in keys}
        self.assertEqual(figures, {**dict.fromkeys(keys, 0), **expected})
        self.assertEqual(function["calls"], calls)

    def test_another_one_is_loaded(self):
        plain, reports = self.assert_same(STUB / "stub_reloading", STUB)
        self.assertEqual(
            plain.stdout, b"calls: 30\ngone: 1\ncalls: 30\nat another place: 1\ncalls: 30\ncalls: 30\n"
        )
        for mode, report in reports.items():
            with self.subTest(mode):
                self.assert_calls(
                    report, 120, windows=40, unlocked_windows=20, held_calls=40, attached_calls=40
                )
                (process,) = report["processes"]
                lock = {"kind": "free-threaded", "seen_on": True, "seen_off": True}
                self.assertEqual(process["interpreter_lock"], lock)

    def test_it_comes_after_its_user(self):
        plain, reports = self.assert_same(STUB / "stub_late", STUB)
        self.assertEqual(plain.stdout, b"calls: 30\n")
        for mode, report in reports.items():
            with self.subTest(mode):
                self.assert_calls(
                    report, 30, windows=10, unlocked_windows=10, attached_calls=20
                )


if __name__ == "__main__":
    main()
