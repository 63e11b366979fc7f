"""A program does the same with and without ffitap: its output, its errors, its end."""

import os
import signal
import subprocess

import harness

LINKAGE = harness.BUILD / "tests" / "apps" / "linkage"
SHIM = harness.PRIVATE_LIBRARIES / "libffitap-shim.so"
COROUTINE = harness.BUILD / "tests" / "apps" / "coroutine"

ERRNO = """
import ctypes, os
libc = ctypes.CDLL("libc.so.6", use_errno=True)
plain = ctypes.CDLL("libc.so.6")
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, use_errno=True)
quiet = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
array = (ctypes.c_int * 2)(2, 1)

def sort(library, prototype, seen):
    def compare(a, b):
        seen.append(ctypes.get_errno())
        ctypes.set_errno(ctypes.get_errno() + 1)
        return 0
    library.qsort(array, 2, 4, prototype(compare))

print("at first", ctypes.get_errno())
libc.close(-1); print("after close", ctypes.get_errno())
plain.open(b"/nowhere", 0); print("not exchanged", ctypes.get_errno())
print("former", ctypes.set_errno(5), "now", ctypes.get_errno())
libc.abs(1); print("untouched by abs", ctypes.get_errno())
for library in libc, plain:
    for prototype in callback, quiet:
        ctypes.set_errno(40); seen = []
        sort(library, prototype, seen)
        print("callback", seen, "after", ctypes.get_errno())
held = ctypes.PyDLL("libc.so.6", use_errno=True)
held.close(-1); print("with the lock held", ctypes.get_errno())
"""


def traced_both_ways(*command, **options):
    """What the command does untraced, and with the shim alone."""
    preload = dict(os.environ, LD_PRELOAD=str(SHIM))
    return harness.run(*command, **options), harness.run(*command, env=preload, **options)


class Transparent(harness.Case):
    def assert_same(self, *command):
        plain, shim = traced_both_ways(*command)
        recorded = harness.run(
            harness.FFITAP, "record", "-o", self.data, "--events", "detail", "--", *command
        )
        for traced in shim, recorded:
            self.assertEqual(traced.stdout, plain.stdout)
        self.assertEqual(shim.stderr, plain.stderr)
        self.assertEqual(shim.returncode, plain.returncode)
        as_the_shell = plain.returncode if plain.returncode >= 0 else 128 - plain.returncode
        self.assertEqual(recorded.returncode, as_the_shell, recorded.stderr)
        return plain

    def test_the_dynamic_linker_answers_as_without(self):
        plain = self.assert_same(LINKAGE / "linkage_probe", LINKAGE)
        for line in (
            b"libouter_runpath.so: load 42, default 7, origin found",
            b"libouter_rpath.so: load 42, default 7, origin found",
            b"libouter_plain.so: load -1, default 7, origin found",
            b"RTLD_NEXT: 12",
            b"asked again: (none)",
            b"success clears a failure: (none)",
            b"so does a load: (none)",
            b"so does an unload: (none)",
            b"an unload that fails: -1",
            b"no error after its load: (none)",
            b"a variable that was set is kept: 1",
            b"a question that succeeds clears a failure: (none)",
            b"errno after a failed load: 77",
        ):
            self.assertIn(line, plain.stdout.splitlines())

    def test_threads_load_at_the_same_time(self):
        self.assertEqual(
            self.assert_same(LINKAGE / "linkage_crowd", LINKAGE).stdout, b"found: 40\n"
        )

    def test_a_plugin_is_reloaded_while_other_threads_load(self):
        command = LINKAGE / "linkage_reloading", LINKAGE, str(harness.extent(4, 60))
        done = self.stat("-o", self.data, "--", *command)
        self.assertEqual(done.stdout, b"the last sum: 3\n")
        report = self.report()
        self.assert_complete(report)
        (plugin,) = [one for one in report["loads"] if one["name"].endswith("/libplugin.so")]
        self.assertEqual(self.function(report, "abs")["calls"], 2 * plugin["count"])

    def test_a_thread_that_was_cancelled_ends_where_it_would(self):
        self.assertEqual(self.assert_same(LINKAGE / "linkage_cancelled").stdout, b"finished\n")

    def test_a_call_that_comes_back_in_another_thread(self):
        for arguments in (), ("out of a callback",):
            plain = self.assert_same(COROUTINE, *arguments)
            self.assertEqual(plain.returncode, 0)
            counted = self.stat("-o", self.data, "--", COROUTINE, *arguments)
            self.assertEqual(counted.stdout, plain.stdout)

    def test_errno_is_what_it_would_be(self):
        self.assertIn(b"with the lock held 9", self.assert_same(harness.PYTHON, "-c", ERRNO).stdout)

    def test_python_finds_the_same_through_special_handles(self):
        script = (
            "import ctypes\n"
            "for handle in 0, -1:\n"
            "    try: print(bool(ctypes.CDLL('any', handle=handle)['ffi_call']))\n"
            "    except AttributeError as error: print(error)\n"
        )
        self.assertIn(b"True", self.assert_same(harness.PYTHON, "-c", script).stdout)

    def test_known_counts_prints_the_same(self):
        self.assert_same(harness.PYTHON, harness.APPS / "known_counts.py")

    def test_bookshop_prints_the_same(self):
        self.assert_same(harness.PYTHON, harness.APPS / "bookshop.py")

    def test_exit_statuses_are_the_same(self):
        for status in 0, 1, 42, 255:
            self.assert_same(harness.PYTHON, "-c", f"import sys; sys.exit({status})")
        self.assert_same(harness.PYTHON, "-c", "import os; os._exit(7)")

    def test_deaths_by_signal_are_the_same(self):
        for number in signal.SIGTERM, signal.SIGKILL, signal.SIGABRT:
            self.assert_same(harness.PYTHON, "-c", f"import os; os.kill(os.getpid(), {number})")

    def test_a_foreign_call_that_crashes_dies_of_the_same_signal(self):
        self.assert_same(harness.PYTHON, "-c", "import ctypes; ctypes.string_at(8)")
        self.assert_same(harness.PYTHON, "-c", "import ctypes; ctypes.CDLL(None).abort()")

    def test_standard_input_is_the_programs_own(self):
        command = (harness.PYTHON, "-c", "import sys; print(len(sys.stdin.read()))")
        text = b"x" * 100_000
        self.assertEqual(
            self.record(*command, input=text).stdout,
            subprocess.run(command, input=text, capture_output=True).stdout,
        )


if __name__ == "__main__":
    harness.main()
