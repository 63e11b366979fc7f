"""CPython's ctypes. What only ctypes does is tested by test_known_counts, test_errno and
test_callbacks."""

import harness
import interpreters
import runtime


@interpreters.each("_ctypes seen")
class Counted(runtime.Loading, runtime.Case):
    name = "ctypes"
    caller = "_ctypes."
    exchanges_errno = sum(calls for name, calls in runtime.CALLS.values() if name == "libc.so")

    @classmethod
    def setUpClass(cls):
        cls.command = (cls.python, "-B", harness.APPS / "runtimes/with_ctypes.py")
        super().setUpClass()


@interpreters.each("_ctypes seen")
class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
