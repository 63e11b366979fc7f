"""PHP's FFI as an extension. If it were built into PHP, the executable would be the caller."""

import harness
import runtime


class Counted(runtime.Loading, runtime.Case):
    name = "php"
    caller = "/ffi.so"
    command = ("php", "-d", "ffi.enable=1", harness.APPS / "runtimes/with_php.php")
    has_lock = False
    # libc is loaded once more for the lookup that fails.
    loads = dict(runtime.Loading.loads, **{"libc.so.6": 2})


class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
