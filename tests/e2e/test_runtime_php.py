"""PHP's FFI, an extension; built into PHP it would go by the program."""

import harness
import runtime


class Counted(runtime.Loading, runtime.Case):
    name = "php"
    caller = "/ffi.so"
    command = ("php", "-d", "ffi.enable=1", harness.APPS / "runtimes/with_php.php")
    has_lock = False
    # Once more to fail to find a symbol.
    loads = dict(runtime.Loading.loads, **{"libc.so.6": 2})


class Recorded(Counted):
    is_recorded = True


if __name__ == "__main__":
    harness.main()
