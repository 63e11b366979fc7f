"""cffi in ABI mode. It puts its own errno in place before each call, and keeps the errno of the
call after it."""

import harness
import interpreters
import runtime


@interpreters.each("cffi", "_cffi_backend seen")
class Counted(runtime.Loading, runtime.Case):
    name = "cffi"
    caller = "_cffi_backend."
    unseen = "ldconfig"  # ctypes.util runs this to find a library, with an environment of its own
    exchanges_errno = sum(calls for _, calls in runtime.CALLS.values())

    @classmethod
    def setUpClass(cls):
        cls.command = (cls.python, "-B", harness.APPS / "runtimes/with_cffi.py")
        super().setUpClass()


@interpreters.each("cffi", "_cffi_backend seen")
class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
