"""Guile, whose library is there from the start, and whose slots are bound at their first calls."""

import harness
import runtime


class Counted(runtime.Loading, runtime.Case):
    name = "guile"
    caller = "/libguile-3.0."
    command = ("guile", "--no-auto-compile", harness.APPS / "runtimes/with_guile.scm")
    has_lock = False


class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
