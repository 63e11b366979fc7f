"""CPython's ctypes; what is its own besides is in test_known_counts, test_errno and test_callbacks."""

import harness
import runtime


class Counted(runtime.Loading, runtime.Case):
    name = "ctypes"
    caller = "_ctypes."
    command = (harness.PYTHON, harness.APPS / "runtimes/with_ctypes.py")


class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
