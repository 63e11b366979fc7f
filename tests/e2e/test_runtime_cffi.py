"""cffi in ABI mode. It puts its own errno in place before each call and keeps the call's after it."""

import harness
import runtime


class Counted(runtime.Loading, runtime.Case):
    name = "cffi"
    caller = "_cffi_backend."
    command = (harness.PYTHON, harness.APPS / "runtimes/with_cffi.py")
    exchanges_errno = sum(calls for _, calls in runtime.CALLS.values())


class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
