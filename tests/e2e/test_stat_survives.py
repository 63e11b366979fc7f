"""Statistics under everything that may happen to the program that keeps them: it is killed at any
moment, read at every moment, or left without disk, folder, descriptors or memory."""

import json
import os
import random
import re
import signal
import struct
import subprocess
import time

import harness
import sandbox
from harness import PYTHON

SEED = int(os.environ.get("FFITAP_TEST_SEED", time.time_ns() % 1_000_000))
KILLS = harness.extent(40, 1000)
WATCHED_SECONDS = harness.extent(5, 120)

BUSY_HOST = harness.BUILD / "tests/apps/core/busy_host"
WATCH = harness.BUILD / "tests/apps/watch_statistics"
SHIM = harness.PRIVATE_LIBRARIES / "libffitap-shim.so"

# The same as tests/apps/core/busy_host.c through ctypes: its arguments, its log, its calls.
BUSY_PYTHON = """
import ctypes, itertools, mmap, os, sys, threading
path, threads, forks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open(path, "r+b") as file:
    log = mmap.mmap(file.fileno(), 0)
words, halves = memoryview(log).cast("Q"), memoryview(log).cast("i")
libc = ctypes.CDLL("libc.so.6", use_errno=True)
root = ctypes.CDLL("libm.so.6").sqrt
root.argtypes, root.restype = [ctypes.c_double], ctypes.c_double
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda a, b: 0)
array = (ctypes.c_int * 1)(7)
calls = [(libc.abs, (-7,)), (root, (64.0,)), (libc.close, (-7,)),
         (libc.bsearch, (array, array, ctypes.c_size_t(1), ctypes.c_size_t(4), compare))]

def take_slot(index):
    slot = 1 + 9 * index
    halves[2 * slot], halves[2 * slot + 1] = os.getpid(), threading.get_native_id()
    return slot

def call(index, forks):
    slot = take_slot(index)
    for turn in itertools.count(1):
        for which, (function, arguments) in enumerate(calls, slot + 1):
            words[which] += 1
            function(*arguments)
            words[which + 4] += 1
        if turn % 50 == 0 and forks:
            forks -= 1
            if os.fork() == 0:
                slot, forks = take_slot(threads + forks), 0

words[0] = threads + forks
for index in range(1, threads):
    threading.Thread(target=call, args=(index, 0)).start()
call(0, forks)
"""

SYMBOLS = "abs", "sqrt", "close", "bsearch"
SLOT = struct.Struct("ii4Q4Q")
LOG_SIZE = 8 + 64 * SLOT.size


class Case(harness.Case):
    """Programs write their statistics into a recording that is there already."""

    def setUp(self):
        super().setUp()
        self.stat("-o", self.data, "--", "true")
        self.files = self.data / "stat"
        self.log = self.folder / "log"
        token = json.loads((self.data / "recording").read_text())["token"]
        self.environment = dict(
            os.environ, FFITAP_STAT_DIR=str(self.files), FFITAP_RECORDING=token, FFITAP_LTTNG="0"
        )
        self.clear()

    def clear(self):
        for file in self.files.iterdir():
            file.unlink()
        self.log.write_bytes(bytes(LOG_SIZE))

    def start(self, program, threads, forks):
        """Starts one of the two programs that make calls without an end, as a process group."""
        # From 3.12 on Python warns of forks in a process with threads, which is what happens here.
        python = [PYTHON, "-W", "ignore::DeprecationWarning", "-c", BUSY_PYTHON]
        commands = {"C": [BUSY_HOST], "Python": python}
        environment = dict(self.environment)
        if program == "Python":
            environment["LD_PRELOAD"] = str(SHIM)
        running = subprocess.Popen(
            [*commands[program], self.log, str(threads), str(forks)],
            env=environment,
            process_group=0,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(self.kill, running)
        return running

    def kill(self, running):
        """Returns once all processes of the group are dead, because the last one of them closes the
        pipe."""
        if running.returncode is None:
            os.killpg(running.pid, signal.SIGKILL)
            self.said = running.communicate()[1].decode()

    def slots(self):
        log = self.log.read_bytes()
        (used,) = struct.unpack_from("Q", log)
        for index in range(used):
            pid, tid, *counts = SLOT.unpack_from(log, 8 + index * SLOT.size)
            if tid:
                yield pid, tid, counts[:4], counts[4:]

    def wait_for_calls(self, threads):
        while sum(sum(returned) > 0 for *_, returned in self.slots()) < threads:
            time.sleep(0.001)


class Killed(Case):
    """Every call that is logged as returned is counted, and no call that is not logged as begun."""

    def check_threads(self, report):
        threads = {
            (process["pid"], thread["tid"]): thread["calls"]
            for process in report["processes"]
            for thread in process["threads"]
        }
        for pid, tid, begun, returned in self.slots():
            counted = threads.pop((pid, tid), 0)
            self.assertLessEqual(counted, sum(begun))
            self.assertGreaterEqual(counted, sum(returned))
            self.assertLessEqual(sum(begun) - sum(returned), 1)
        self.assertFalse(any(threads.values()), threads)

    def check_functions(self, report):
        for which, symbol in enumerate(SYMBOLS):
            rows = [row for row in report["functions"] if row["symbol"] == symbol]
            counted = sum(row["calls"] for row in rows)
            self.assertEqual(counted, sum(count for row in rows for *_, count in row["histogram"]))
            self.assertLessEqual(counted, sum(begun[which] for *_, begun, _ in self.slots()))
            self.assertGreaterEqual(counted, sum(returned[which] for *_, returned in self.slots()))

    def check_readable(self, report):
        """If a file was only begun, its process had not come to its first call."""
        self.assertEqual(set(report["losses"]["dropped_records"].values()), {0})
        called = {pid for pid, _, _, returned in self.slots() if any(returned)}
        for sentence in report["losses"]["damaged"]:
            (pid,) = re.findall(r"^statistics file (\d+)\.\d+\.stat: was only begun: ", sentence)
            self.assertNotIn(int(pid), called)

    def kill_some(self, program, times, longest):
        calls = processes = waited = 0
        for index in range(times):
            seed = f"{SEED} {program} {index}"
            choices = random.Random(seed)
            with self.subTest(seed=seed):
                running = self.start(program, choices.randint(1, 5), choices.randint(0, 2))
                if index % 4:  # one of four is killed at any moment after its start
                    self.wait_for_calls(1)
                    waited += 1
                time.sleep(choices.random() * longest)
                self.kill(running)
                self.assertEqual((running.returncode, self.said), (-signal.SIGKILL, ""))
                report = self.report()
                self.check_readable(report)
                self.check_threads(report)
                self.check_functions(report)
                calls += sum(row["calls"] for row in report["functions"])
                processes += len(report["processes"])
            self.clear()
        print(f"seed {SEED}: {times} kills of {processes} processes in {program}, {calls} calls")
        self.assertGreaterEqual(min(processes, calls), waited)
        self.assertGreater(waited, times // 2)

    def test_programs_on_the_core_have_counted_all_but_the_call_in_flight(self):
        self.kill_some("C", KILLS * 3 // 4, 0.01)

    def test_programs_that_use_ctypes_have_counted_all_but_the_call_in_flight(self):
        self.kill_some("Python", KILLS // 4, 0.05)


class Watched(Case):
    """A reader that never rests sees nothing impossible while eight threads write."""

    def watch(self, program):
        running = self.start(program, 8, 0)
        self.wait_for_calls(8)
        done = harness.run(WATCH, self.files, WATCHED_SECONDS)
        self.kill(running)
        self.assertEqual((done.returncode, self.said), (0, ""), done.stdout.decode())
        print(f"{program}: {done.stdout.decode().strip()}")

    def test_of_a_program_on_the_core(self):
        self.watch("C")

    def test_of_one_that_uses_ctypes(self):
        self.watch("Python")



class Thousand(harness.Case):
    """Eight threads call a thousand functions, after or before something happens."""

    FUNCTIONS, THREADS = 1000, 8
    BEGINNING = f"""
import ctypes, os, re, resource, threading
library = ctypes.%s({str(harness.BUILD / "tests/apps/thousand_functions.so")!r})
functions = [getattr(library, f"add_{{number:03}}") for number in range({FUNCTIONS})]
called, done = threading.Barrier({THREADS} + 1), threading.Event()

def call(times=1):
    for _ in range(times):
        for number, function in enumerate(functions):
            if function(1) != number + 1:
                os._exit(1)
    called.wait()
    done.wait()

def call_in_threads(*times):
    threads = [threading.Thread(target=call, args=times) for _ in range({THREADS})]
    for thread in threads: thread.start()
    called.wait()
    return threads

def end(threads):
    done.set()
    for thread in threads: thread.join()
    print("untouched")

def pages(kind, name=""):
    "KiB of `kind` in mappings whose name ends so."
    total = 0
    for line in open("/proc/self/smaps"):
        if re.match("[0-9a-f]+-", line): is_meant = line.rstrip().endswith(name)
        elif line.startswith(kind + ":") and is_meant: total += int(line.split()[1])
    return total
"""
    MADE = FUNCTIONS * THREADS

    def script(self, text, library="CDLL"):
        return [PYTHON, "-c", self.BEGINNING % library + text]


class Memory(Thousand):
    """
    How much memory the tap and its file add to a process. It depends on more than functions and
    threads: the more calls there are, the more different durations. The bounds leave room for that,
    and for a slow machine.
    """

    SIZES = (
        "threads = call_in_threads(%d)\n"
        "print(pages('Anonymous'), pages('Rss', '.stat'))\n"
        "end(threads)\n"
    )

    def added_kib(self, library, times):
        script = self.script(self.SIZES % times, library)
        alone, _ = map(int, harness.run(*script).stdout.split()[:2])
        counting, file = map(int, self.stat("--", *script).stdout.split()[:2])
        print(f"{library}, {times} calls each: file {file} KiB, own {counting - alone} KiB")
        return counting - alone + file

    def test_of_a_thousand_functions_and_eight_threads_is_a_few_mebibytes(self):
        for library, times, most in (
            ("PyDLL", 1, 3072),
            ("CDLL", 1, 4096),
            ("PyDLL", 10, 3072),
            ("CDLL", 10, 4096),
            ("CDLL", 100, 8192),
        ):
            with self.subTest(library=library, times=times):
                self.assertLess(self.added_kib(library, times), most)


class Unmoved(Thousand):
    """Whatever happens around the program, it goes on as ever, and its calls are counted or counted
    as lost."""

    def count(self, text):
        """How many calls of `text` were counted, and how many lost."""
        done = self.stat("-o", self.data, "--", *self.script(text))
        self.assertEqual(done.stdout, b"untouched\n")
        report = self.report()
        self.assertEqual(report["losses"]["damaged"], [])
        return self.count_in(report)

    def count_in(self, report):
        counted = sum(
            row["calls"] for row in report["functions"] if row["symbol"].startswith("add_")
        )
        return counted, report["losses"]["dropped_records"]["call"]

    def assert_all_counted(self, before):
        self.assertEqual(self.count(before + "\nend(call_in_threads())"), (self.MADE, 0))

    @sandbox.needs_root
    def test_in_another_root(self):
        root = self.folder / "root"
        root.mkdir()
        self.assert_all_counted(f"os.chroot({str(root)!r})")

    @sandbox.needs_root
    def test_as_another_user(self):
        self.assert_all_counted("os.setgroups([]); os.setgid(65534); os.setuid(65534)")

    def test_without_its_folder(self):
        """The file of the program has no name any more. No report can be made of it, but the
        program does not notice."""
        text = (
            "import shutil\n"
            "shutil.rmtree(os.environ['FFITAP_STAT_DIR'])\n"
            "end(call_in_threads())\n"
            "if os.fork() == 0: functions[0](1); os._exit(0)\n"
            "os.wait()"
        )
        self.assertEqual(self.stat("--", *self.script(text)).stdout, b"untouched\n")

    def assert_child_is_missed(self, before, why):
        """The calls of the child are in no file, and the file of its parent says so."""
        text = (
            f"child = os.fork()\nif child == 0:\n    {before}\n    functions[0](1)\n    os._exit(0)\n"
            "os.wait()\nend(call_in_threads())\nprint(child)"
        )
        done = self.stat("-o", self.data, "--", *self.script(text))
        child = int(done.stdout.split()[1])
        why = f"it was forked, made foreign calls and could have no statistics file: {why}"
        self.assertIn(f"\n  process {child} was not seen: {why}\n", done.stderr.decode())
        report = self.report()
        self.assertEqual(report["losses"]["unseen_processes"], [{"pid": child, "why": why}])
        self.assertTrue(report["losses"]["lower_bound"])
        self.assertEqual(self.count_in(report), (self.MADE, 0))

    def test_a_child_without_room_for_a_descriptor(self):
        self.assert_child_is_missed(
            "resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))", "Too many open files"
        )

    @sandbox.needs_root
    def test_a_child_in_another_root(self):
        root = self.folder / "root"
        root.mkdir()
        self.assert_child_is_missed(f"os.chroot({str(root)!r})", "No such file or directory")

    @sandbox.needs_root
    def test_a_child_that_may_not_write_to_the_folder(self):
        self.assert_child_is_missed(
            "os.chmod(os.environ['FFITAP_STAT_DIR'], 0o700); os.setgid(65534); os.setuid(65534)",
            "Permission denied",
        )

    def test_with_all_descriptors_closed(self):
        self.assert_all_counted("os.closerange(3, 1024)")

    def test_without_room_for_files_and_descriptors(self):
        self.assert_all_counted(
            "for limit in 'NOFILE', 'FSIZE', 'MEMLOCK':\n"
            "    resource.setrlimit(getattr(resource, 'RLIMIT_' + limit), (0, 0))"
        )

    def test_without_address_space_the_calls_of_some_threads_are_lost(self):
        """The threads are started before the address space is limited, because there would not be
        enough left for them."""
        times = 10
        counted, lost = self.count(
            "begun, limited = threading.Barrier(%d), threading.Event()\n"
            "def call_later():\n"
            "    begun.wait(); limited.wait(); call(%d)\n"
            "threads = [threading.Thread(target=call_later) for _ in range(%d)]\n"
            "for thread in threads: thread.start()\n"
            "begun.wait()\n"
            "size = 4096 * int(open('/proc/self/statm').read().split()[0])\n"
            "resource.setrlimit(resource.RLIMIT_AS, (size + (16 << 20), resource.RLIM_INFINITY))\n"
            "limited.set(); called.wait(); end(threads)" % (self.THREADS + 1, times, self.THREADS)
        )
        self.assertEqual(counted + lost, times * self.MADE)
        self.assertGreater(lost, 0)
        self.assertGreater(counted, 0)
        (file,) = (self.data / "stat").iterdir()
        self.assertLess(512 * file.stat().st_blocks, 16 << 20)

    # The arguments: a folder to mount a disk of its own on, where the report goes, the build's
    # ffitap, and the program. The script's output and status are those of ffitap, which runs with
    # that disk.
    ON_A_DISK = """
mount -t tmpfs -o size=%s tmpfs "$1" || exit 99
export disk=$1 report=$2 ffitap=$3
shift 3
"$ffitap" stat -o "$disk/data" -- "$@"
status=$?
"$ffitap" report --json "$disk/data" > "$report"
exit $status
"""

    def run_on_a_disk(self, size, script):
        disk, report = self.folder / "disk", self.folder / "report"
        disk.mkdir()
        done = harness.run("unshare", "--mount", "--propagation", "slave", "sh", "-c",
                           self.ON_A_DISK % size, "sh", disk, report, harness.FFITAP, *script)
        self.assertEqual((done.returncode, done.stdout), (0, b"untouched\n"), done.stderr.decode())
        return done.stderr.decode(), report

    @sandbox.needs_root
    def test_on_a_full_disk_what_found_no_room_is_lost(self):
        script = self.script("end(call_in_threads(10))")
        said, report = self.run_on_a_disk("1m", script)
        counted, lost = self.count_in(json.loads(report.read_text()))
        print(f"1 MiB of disk: {counted} calls counted, {lost} lost")
        self.assertEqual(counted + lost, 10 * self.MADE)
        self.assertGreater(lost, 0)
        self.assertGreater(counted, 0)
        self.assertRegex(said, rf"(?m)^.*\b{lost} .*calls?\b.*$")

    @sandbox.needs_root
    def test_with_no_disk_at_all_it_is_said(self):
        """The first program fills the disk, and then runs the other program in its own place."""
        script = self.script("end(call_in_threads())")
        taking = 'cat /dev/zero > "$disk/zero" 2>/dev/null; exec "$@"'
        said, report = self.run_on_a_disk("200k", ["sh", "-c", taking, "sh", *script])
        self.assertIn("disk/data: cannot write into it: No space left on device\n", said)
        self.assertIn("Losses: yes", said)
        damaged = json.loads(report.read_text())["losses"]["damaged"]
        self.assertRegex("\n".join(damaged), r"(?m)^statistics file \d+\.1\.stat: was only begun: ")

    @sandbox.needs_root
    def test_in_a_folder_that_cannot_be_written_to(self):
        mounting = 'mount -t tmpfs -o ro tmpfs "$FFITAP_STAT_DIR" && LD_PRELOAD=$shim exec "$@"'
        done = harness.run(
            *("unshare", "--mount", "--propagation", "slave", "sh", "-c", mounting, "sh"),
            *self.script("end(call_in_threads())"),
            env=dict(os.environ, FFITAP_STAT_DIR=str(self.folder), shim=str(SHIM)),
        )
        self.assertEqual((done.stdout, done.stderr), (b"untouched\n", b""))

    @sandbox.needs_root
    def test_with_all_memory_locked(self):
        """The memory that is used is locked, and not what is kept free for more."""
        self.assert_all_counted(
            "if ctypes.CDLL(None).mlockall(1 | 2) != 0: os._exit(2)\n"
            "threading.stack_size(65536)\n"
            "call_in_threads()\n"
            "if pages('Rss', '.stat') > 16384: os._exit(3)\n"
            "if pages('Anonymous') > 32768: os._exit(4)\n"
            "print('untouched', flush=True)\n"
            "os._exit(0)"
        )


if __name__ == "__main__":
    harness.main()
