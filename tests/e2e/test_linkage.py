"""In every mode the dynamic linker finds the same for a program, and the report tells apart what it
finds."""

import os
import tempfile

import modes
from harness import APPS, BUILD, PYTHON, main

LINKAGE = BUILD / "tests" / "apps" / "linkage"
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"

ALLOCATIONS = """
import ctypes, os
program = ctypes.CDLL(None)
with open("/proc/self/maps") as maps:
    print("jemalloc is there", "libjemalloc" in maps.read())
program.malloc_usable_size.argtypes = program.free.argtypes = [ctypes.c_void_p]
program.malloc.restype = ctypes.c_void_p
# 20 bytes: 24 of the C library's allocator, 32 of jemalloc's.
for size in 20, 300, 5000:
    memory = program.malloc(size)
    print(size, program.malloc_usable_size(memory))
    program.free(memory)
for handle in 0, -1:
    library = ctypes.CDLL("any", handle=handle)
    print(handle, library.malloc_usable_size is not None, hasattr(library, "mallctl"))
print("every call", [ctypes.CDLL("libc.so.6").labs(-i) for i in range(3)])
"""

# The library is unloaded by a foreign call, as programs do it because ctypes has no public way to
# unload one.
BUILT_ANEW = """
import ctypes, os, shutil, sys
unload = ctypes.CDLL(None).dlclose
unload.argtypes = [ctypes.c_void_p]
path = os.path.join(sys.argv[2], "libanew.so")
places = set()
for name in 2 * ["one", "two"]:
    shutil.copy(os.path.join(sys.argv[1], f"libreload_{name}.so"), path)
    library = ctypes.CDLL(path)
    function = library[f"{name}_function"]
    places.add(ctypes.cast(function, ctypes.c_void_p).value)
    print(f"{name}_function", function(1), len(places) == 1)
    unload(library._handle)
    os.remove(path)
"""


class Linkage(modes.Case):
    def loads(self, report):
        """The loads by name: which library was asked for, by which object, and what was found."""
        return {
            (one["name"], os.path.basename(one["caller"]), os.path.basename(one["path"] or ""))
            for one in report["loads"]
        }

    def test_loads(self):
        plain, reports = self.assert_same(
            LINKAGE / "linkage_loads", LINKAGE, env={"LD_LIBRARY_PATH": str(LINKAGE / "sub")}
        )
        for line in (
            "a constructor that loads: 42",
            "one that waits for a thread that calls: 7",
            f"by LD_LIBRARY_PATH: {LINKAGE}/sub/libinner.so",
            f"by a soname that is loaded: {LINKAGE}/libsecond.so",
            f"by the name of what another found: {LINKAGE}/apart/libonly_here.so",
            f"with $ORIGIN: {LINKAGE}/libsecond_alone.so",
            "one handle: 1",
            "a load through a variable: 1",
            "gone: 1",
            "not to be deleted: 1",
            "made global: 1, (none)",
            "bound to the first: 12",
            "bound deeply: 2",
            "loads from within: 42",
            "loads into it: 1, answer 2",
            f"into it with $ORIGIN: {LINKAGE}/libshallow.so",
            f"into it by RUNPATH: {LINKAGE}/libfirst.so",
        ):
            self.assertIn(line, plain.stdout.decode().splitlines())
        self.assertRegex(plain.stdout, rb"with \$LIB: /.*/libby_lib.so\n")
        for report in reports.values():
            found = self.loads(report)
            for name, caller, file in (
                ("libinner.so", "linkage_loads", "libinner.so"),
                ("libm.so.6", "libvariable.so", "libm.so.6"),
                ("$ORIGIN/$LIB/libby_lib.so", "linkage_loads", "libby_lib.so"),
                ("libdoes-not-exist.so.9", "linkage_loads", ""),
            ):
                self.assertIn((name, caller, file), found)

    def test_lookups(self):
        plain, reports = self.assert_same(LINKAGE / "linkage_lookups", LINKAGE)
        for line in (
            "default version: 2",
            "old version: 1",
            "an indirect function: 3",
            "the same data: 1",
            "an indirect function of the C library: copied",
            "local, by default: (nil)",
            "nowhere next: (nil)",
        ):
            self.assertIn(line, plain.stdout.decode().splitlines())
        for report in reports.values():
            counts = {
                one["symbol"]: (one["count"], one["failed"])
                for one in report["lookups"]
                if "libsymbols.so" in one["library"]
            }
            self.assertEqual(counts["answer"], (4, 1))
            self.assertEqual(counts["data_symbol"], (2, 0))

    def test_another_library_at_the_same_place(self):
        plain, reports = self.assert_same(LINKAGE / "linkage_reload", LINKAGE)
        self.assertIn(
            b"at the same place: 2, ones 5, twos 10, the other thread 15", plain.stdout.splitlines()
        )
        for report in reports.values():
            seen = {
                (os.path.basename(one["library"]), one["symbol"]): one["calls"]
                for one in report["functions"]
            }
            self.assertEqual(
                seen,
                {
                    ("libreload_one.so", "one_function"): 10,
                    ("libreload_two.so", "two_function"): 10,
                },
            )

    def test_unloads_that_nobody_tells(self):
        plain, reports = self.assert_same(LINKAGE / "linkage_unloading_unseen", LINKAGE)
        self.assertEqual(plain.stdout, b"sum 15, gone 5, at the same place 1\n")
        for report in reports.values():
            self.assertEqual(self.calls(report), {"abs": 10})

    def test_a_library_is_built_anew_between_two_loads(self):
        """The new library has the same name, and lies where the old one lay."""
        with tempfile.TemporaryDirectory() as folder:
            plain, reports = self.assert_same(PYTHON, "-c", BUILT_ANEW, LINKAGE, folder)
        self.assertEqual(plain.stdout, b"one_function 2 True\ntwo_function 3 True\n" * 2)
        for report in reports.values():
            calls = self.calls(report)
            self.assertEqual([calls[one] for one in ("one_function", "two_function")], [2, 2])

    def test_a_library_is_kept_for_as_long_as_it_is_used(self):
        plain, reports = self.assert_same(LINKAGE / "linkage_global", LINKAGE)
        self.assertEqual(
            plain.stdout,
            b"plugin: 3, stays 1, 7, goes 1\nplugin_unlinked: 3, stays 1, 7, goes 1\n",
        )
        for report in reports.values():
            self.assertEqual(self.calls(report), {"abs": 8})

    def test_a_load_waits_for_no_other_that_began_after_it(self):
        """A constructor in another thread waits for something that comes after the load."""
        plain, reports = self.assert_same(LINKAGE / "linkage_handshake", LINKAGE, timeout=120)
        self.assertEqual(plain.stdout, b"both loaded: 50\n")
        for report in reports.values():
            seen = {
                os.path.basename(one["path"]): (one["cause"], one["mapped"], one["unmapped"])
                for one in report["objects"]
                if "handshake_" in os.path.basename(one["path"])
            }
            self.assertEqual(seen.pop("libhandshake_first.so"), ("asked_for", 50, 50))
            self.assertEqual(seen["libhandshake_second.so"][0], "asked_for")

    def test_another_allocator(self):
        environment = {"LD_PRELOAD": JEMALLOC}
        plain, _ = self.assert_same(PYTHON, "-c", ALLOCATIONS, env=environment)
        self.assertIn(b"jemalloc is there True", plain.stdout.splitlines())
        self.assertIn(b"20 32", plain.stdout.splitlines())
        self.assert_same(PYTHON, APPS / "known_counts.py", env=environment)


    def test_first_calls_in_a_walk_through_what_is_mapped(self):
        """The walk holds a lock of the dynamic linker, which threads need that load something
        meanwhile."""
        walking = BUILD / "tests" / "apps" / "calls" / "walking"
        for mode in "dormant", "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, walking, LINKAGE / "libsecond.so")
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                made = dict(line.split() for line in done.stdout.decode().splitlines())
                self.assertGreater(int(made["calls"]), 0)
                if mode != "dormant":
                    report = self.report()
                    self.assert_complete(report)
                    self.assertEqual(sum(self.calls(report).values()), int(made["calls"]))


if __name__ == "__main__":
    main()
