"""Objects of which nothing is known but that they call ffi_call: a program, and a library within
another program."""

import harness
import runtime

FOLDER = harness.BUILD / "tests/apps"


class Counted(runtime.Loading, runtime.Case):
    name = "with_libffi"
    caller = "/with_libffi"
    command = (FOLDER / "with_libffi",)
    has_lock = False


class Recorded(Counted):
    is_recorded = True


class Library(Counted):
    name = "with_libffi.so"
    caller = "/with_libffi.so"
    command = (
        harness.PYTHON,
        "-c",
        "import ctypes, sys; ctypes.CDLL(sys.argv[1]).run()",
        FOLDER / "with_libffi.so",
    )


class LibraryRecorded(Library):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
