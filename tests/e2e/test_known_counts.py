"""A program whose numbers of calls are known. The report must say exactly these."""

import errno
import re

import harness
import interpreters


@interpreters.each("_ctypes seen")
class KnownCounts(harness.Case):
    """The program runs with every CPython. Debian's CPython has the functions of the interpreter
    lock in the executable."""

    is_recorded = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("setUp")
        case.setUp()
        cls.addClassCleanup(case.doCleanups)
        command = (cls.python, "-B", harness.APPS / "known_counts.py")
        if cls.is_recorded:
            cls.output = case.record(*command).stdout
        else:
            cls.output = case.stat("-o", case.data, "--", *command).stdout
        cls.document = case.report()

    def one(self, symbol, library):
        return self.function(self.document, symbol, library)

    def test_nothing_is_lost(self):
        self.assert_complete(self.document)

    def test_every_call_is_counted(self):
        self.assertEqual(self.one("crc32", "libz")["calls"], 1000)
        self.assertEqual(self.one("usleep", "libc")["calls"], 50)
        self.assertEqual(self.one("open", "libc")["calls"], 10)
        self.assertEqual(self.one("getpid", "libc")["calls"], 1)

    def test_every_call_is_ctypes(self):
        for symbol in "crc32", "usleep", "open", "getpid":
            self.assertEqual(self.one(symbol, "lib")["runtime"], "ctypes")

    def test_sleeping_is_measured_and_the_lock_is_free_meanwhile(self):
        usleep = self.one("usleep", "libc")
        at_least = 50 * 2_000_000
        self.assertGreaterEqual(usleep["total_ns"], at_least)
        self.assertGreaterEqual(usleep["min_ns"], 2_000_000)
        self.assertEqual(usleep["gil"]["windows"], 50)
        self.assertGreaterEqual(usleep["gil"]["released_ns"], at_least)
        self.assertEqual(interpreters.kept(self.interpreter, usleep["gil"]), 0)

    def test_errno_outcomes_are_counted_by_value(self):
        opens = self.one("open", "libc")["errno"]
        self.assertEqual(opens["swaps"], 10)
        self.assertEqual(
            opens["values"],
            [{"value": errno.ENOENT, "name": "ENOENT", "count": 10, "unchanged": 0}],
        )
        self.assertEqual(self.one("usleep", "libc")["errno"]["swaps"], 0)

    def test_a_pydll_call_holds_the_lock(self):
        gil = self.one("getpid", "libc")["gil"]
        self.assertEqual((gil["windows"], interpreters.kept(self.interpreter, gil)), (0, 1))

    def test_loads_are_counted_by_name(self):
        loads = {}
        for load in self.document["loads"]:
            if "_ctypes" in load["caller"]:
                loads[load["name"]] = loads.get(load["name"], 0) + load["count"]
        self.assertEqual(
            loads,
            {None: 1, "libc.so.6": 3, "libz.so.1": 1, "libffitap-does-not-exist.so.1": 1},
        )

    def test_a_failed_load_carries_its_text(self):
        (failed,) = [load for load in self.document["loads"] if load["failed"]]
        self.assertEqual(failed["name"], "libffitap-does-not-exist.so.1")
        self.assertEqual(failed["failed"], 1)
        self.assertIsNone(failed["path"])
        self.assertIn("cannot open shared object file", failed["error"])
        self.assertIn(failed["error"].encode(), self.output)

    def test_lookups_are_counted_and_a_failed_one_carries_its_text(self):
        lookups = {
            one["symbol"]: one
            for one in self.document["lookups"]
            if not re.match("PyInit_|PyModExport_|init", one["symbol"])  # of modules
        }
        counts = {name: (one["count"], one["failed"]) for name, one in lookups.items()}
        self.assertEqual(
            counts,
            {
                "crc32": (1, 0),
                "usleep": (1, 0),
                "open": (1, 0),
                "getpid": (1, 0),
                "ffitap_no_such_function": (1, 1),
            },
        )
        self.assertIn(lookups["ffitap_no_such_function"]["error"].encode(), self.output)

    def test_the_process_is_described(self):
        (process,) = self.document["processes"]
        self.assertEqual(process["argv"][0], str(self.python))
        self.assertTrue(process["argv"][2].endswith("known_counts.py"))
        self.assertEqual(process["exit"], {"status": 0})

    def test_the_libraries_are_listed_with_their_cause(self):
        objects = {one["path"].rsplit("/", 1)[1]: one for one in self.document["objects"]}
        self.assertEqual(objects["libc.so.6"]["cause"], "start_up")
        (ctypes_object,) = [one for name, one in objects.items() if name.startswith("_ctypes.")]
        self.assertEqual(ctypes_object["cause"], "asked_for")
        libffi = {name: one for name, one in objects.items() if name.startswith("libffi.so")}
        self.assertEqual(list(libffi), interpreters.libffi_of(self.interpreter))
        for one in libffi.values():
            self.assertEqual((one["cause"], one["needed_by"]), ("dependency", ctypes_object["path"]))


@interpreters.each("_ctypes seen")
class Counted(KnownCounts):
    """The same, but nothing is recorded."""

    is_recorded = False


class KnownCountsWithLibrary(KnownCounts):
    """The same with a Python that has these functions in libpython."""

    python = harness.BUILD / "tests" / "apps" / "python_with_library"


if __name__ == "__main__":
    harness.main()
