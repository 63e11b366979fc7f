"""Eight threads call, call back, load, unload, fork and jump out of calls, under signals, for a while.
Nothing crashes, hangs or grows, and what is counted is what the program says that it made."""

import re
import shutil
import struct

import harness

SECONDS = harness.extent(10, 600)
PYTHON_SECONDS = harness.extent(4, 60)
APPS = harness.BUILD / "tests" / "apps"
THREADS = 8

# The log of tests/apps/soak.c.
COUNTS = (
    "abs labs qsort add_ getppid isascii ffs "
    "callbacks jumps loads failed_loads unloads lookups forks"
).split()
CALLS = COUNTS[:7]
IN_HANDLER = "getppid"
SIZES = "rss_kib mappings descriptors file_kib threads".split()
LOG = struct.Struct(f"{len(COUNTS)}Q {2 * len(SIZES)}Q")

# What a thread has counted stays in the file when the thread is gone, and the file takes memory,
# too. For everything else there are bounds, which would be broken by a leak of one page, mapping or
# descriptor per load, thread or fork.
FILE_KIB_PER_THREAD = 1
GROWTH = {"rss_kib": 1536, "mappings": 64, "descriptors": 8, "file_kib": 256}

# The same with ctypes. For each thread the log has a row of the thread itself, and a row of the
# child that it waits for.
PYTHON_COUNTS = "labs abs close qsort add_ callbacks loads".split()
PYTHON_SOAK = """
import _ctypes, ctypes, mmap, os, sys, threading, time
path, seconds, folder, threads = sys.argv[1], float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
with open(path, "r+b") as file:
    log = memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
libc, held = ctypes.CDLL("libc.so.6", use_errno=True), ctypes.PyDLL("libc.so.6")
labs, close, sort, absolute = libc.labs, libc.close, libc.qsort, held.abs
compares = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))

def call(row):
    def compare(one, other):
        log[row + 5] += 1
        return one[0] - other[0]
    for _ in range(20):
        labs(-1); log[row] += 1
        absolute(-1); log[row + 1] += 1
    assert close(-1) == -1 and ctypes.get_errno() == 9
    log[row + 2] += 1
    numbers = (ctypes.c_int * 5)(3, 1, 5, 2, 4)
    sort(numbers, ctypes.c_size_t(5), ctypes.c_size_t(4), compares(compare))
    log[row + 3] += 1
    assert list(numbers) == [1, 2, 3, 4, 5]

def load(row, index):
    library = ctypes.CDLL(f"{folder}/{index}.so")
    assert library.add_007(1) == 8
    log[row + 4] += 1
    _ctypes.dlclose(library._handle)
    log[row + 6] += 1

def fork(row):
    child = os.fork()
    if child == 0:
        call(row)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

def work(index):
    row, turn = 14 * index, 0
    while time.monotonic() < end:
        turn += 1
        call(row)
        if turn % 8 == 0: load(row, index)
        if turn % 256 == 0: fork(row + 7)

end = time.monotonic() + seconds
workers = [threading.Thread(target=work, args=(index,)) for index in range(threads)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""


class Soak(harness.Case):
    def setUp(self):
        super().setUp()
        self.log = self.folder / "log"
        self.log.write_bytes(bytes(LOG.size))
        self.libraries = self.folder / "libraries"
        self.libraries.mkdir()
        for number in range(THREADS):
            shutil.copy(APPS / "thousand_functions.so", self.libraries / f"{number}.so")

    def command(self, rest_us):
        return [APPS / "soak", self.log, str(SECONDS), self.libraries, str(rest_us)]

    def read_log(self):
        numbers = LOG.unpack(self.log.read_bytes())
        counts = dict(zip(COUNTS, numbers))
        half = len(COUNTS) + len(SIZES)
        sizes = [dict(zip(SIZES, numbers[at:])) for at in (len(COUNTS), half)]
        print(f"{sum(counts[name] for name in CALLS)} calls, {counts}\nsizes {sizes}")
        return counts, sizes

    def assert_no_growth(self, sizes):
        before, after = sizes
        grown = {name: after[name] - before[name] for name in SIZES}
        grown["rss_kib"] -= grown["file_kib"]
        grown["file_kib"] -= FILE_KIB_PER_THREAD * grown["threads"]
        for name, most in GROWTH.items():
            self.assertLess(grown[name], most, name)

    def sums(self, report, table, key, figure):
        sums = {}
        for one in report[table]:
            name = "add_" if one[key].startswith("add_") else one[key]
            sums[name] = sums.get(name, 0) + one[figure]
        return sums

    def assert_calls_counted(self, report, counts):
        """Compares the log with the statistics, which may lack only as much as they say. Returns
        how many calls were lost."""
        calls = self.sums(report, "functions", "symbol", "calls")
        callbacks = sum(one["calls"] for one in report["callbacks"])
        lost = report["losses"]["dropped_records"]["call"]
        made = sum(counts.values())
        self.assertEqual(sum(calls.values()) + callbacks + lost, made, (calls, report["losses"]))
        # Only the calls of a signal handler can be lost, if the signal came while its thread was
        # learning a function.
        for name, made_of_it in counts.items():
            counted = callbacks if name == "callbacks" else calls.get(name, 0)
            counted += lost if name == IN_HANDLER else 0
            self.assertEqual(counted, made_of_it, (name, lost))
        self.assertLess(lost, max(1, counts.get(IN_HANDLER, 0)))
        is_incomplete = any(report["losses"]["dropped_records"].values())
        self.assertEqual(report["losses"]["lower_bound"], is_incomplete, report["losses"])
        return lost

    def assert_counted(self, report, counts):
        lost = self.assert_calls_counted(
            report, {name: counts[name] for name in (*CALLS, "callbacks")}
        )
        unfinished = sum(one["unfinished"] for one in report["functions"])
        self.assertLessEqual(abs(unfinished - counts["jumps"]), lost)
        ours = [one for one in report["loads"] if str(self.libraries) in (one["path"] or "")]
        self.assertEqual(sum(one["count"] for one in ours), counts["loads"])
        self.assertEqual(sum(one["failed"] for one in report["loads"]), counts["failed_loads"])
        lookups = self.sums(report, "lookups", "symbol", "count")
        self.assertEqual(lookups["add_"], counts["lookups"])
        objects = [one for one in report["objects"] if str(self.libraries) in one["path"]]
        self.assertEqual(sum(one["unmapped"] for one in objects), counts["unloads"])
        # A child finds what was mapped when it was forked.
        self.assertGreaterEqual(sum(one["mapped"] for one in objects), counts["loads"])
        self.assertEqual(len(report["processes"]), 1 + counts["forks"] + counts["ffs"])
        return lost

    def test_statistics_have_every_call(self):
        self.stat("-o", self.data, *self.command(0), timeout=2 * SECONDS + 180)
        counts, sizes = self.read_log()
        self.assert_counted(self.report(), counts)
        self.assertGreater(sizes[1]["file_kib"], 0)
        self.assert_no_growth(sizes)

    def test_python_with_ctypes(self):
        script = self.folder / "soak.py"
        script.write_text(PYTHON_SOAK)
        rows = 2 * THREADS
        log = struct.Struct(f"{rows * len(PYTHON_COUNTS)}Q")
        for mode in "stat", "record":
            with self.subTest(mode):
                self.log.write_bytes(bytes(log.size))
                command = [harness.PYTHON, script, self.log, str(PYTHON_SECONDS), self.libraries]
                options = ("--events", "detail") if mode == "record" else ()
                done = harness.run(harness.FFITAP, mode, "-o", self.data, *options, "--", *command,
                                   str(THREADS), timeout=2 * SECONDS + 180)
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                numbers = log.unpack(self.log.read_bytes())
                counts = {
                    name: sum(numbers[index :: len(PYTHON_COUNTS)])
                    for index, name in enumerate(PYTHON_COUNTS)
                }
                print(f"{mode}: {counts}")
                report = self.report()
                objects = [one for one in report["objects"] if str(self.libraries) in one["path"]]
                self.assertEqual(sum(one["unmapped"] for one in objects), counts.pop("loads"))
                self.assert_calls_counted(report, counts)

    def events_of_calls(self):
        """How many events there are in the trace, but for definitions."""
        trace = self.folder / "calls"
        trace.mkdir()
        (metadata,) = self.data.glob("trace/**/metadata")
        for stream in metadata.parent.iterdir():
            if stream.name == "metadata" or stream.name.startswith("calls"):
                shutil.copy(stream, trace)
        done = harness.run("babeltrace2", trace, "--component=sink.utils.counter")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return int(re.findall(rb"(\d+) Event messages?", done.stdout)[-1])

    def test_a_recording_of_every_event_has_or_lacks_a_known_number(self):
        done = self.record(
            *self.command(3000),
            options=("--events", "detail", "--buffer-size", "64K"),
            timeout=2 * SECONDS + 180,
        )
        counts, sizes = self.read_log()
        report = self.report()
        lost = self.assert_counted(report, counts)
        self.assert_no_growth(sizes)
        seen, discarded = self.events_of_calls(), report["losses"]["discarded_events"]
        print(f"{seen} events of calls seen, {discarded} discarded")
        # There are three events of each call and two of each callback. The second one is missing if
        # the callback was left.
        made = 3 * sum(counts[name] for name in CALLS)
        made += 2 * counts["callbacks"] + counts["jumps"]
        seen += discarded + report["losses"]["dropped_records"]["other"]
        self.assertLessEqual(seen, made)
        self.assertGreaterEqual(seen, made - 3 * lost)
        self.assertIn(f" {discarded} discarded".encode(), done.stderr)


if __name__ == "__main__":
    harness.main()
