"""Perl's FFI::Platypus."""

import harness
import runtime


class Counted(runtime.Loading, runtime.Case):
    name = "platypus"
    caller = "/Platypus.so"
    command = ("perl", harness.APPS / "runtimes/with_platypus.pl")
    has_lock = False


class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
