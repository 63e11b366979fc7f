"""Every process of a program is in the recording and in the statistics, however it begins and ends:
forked, spawned, executed in place, killed."""

import os
import shutil

import harness
import modes

APPS = harness.BUILD / "tests" / "apps"
CALL = "import ctypes; ctypes.CDLL('libc.so.6').labs(-1)"

POOL = """
import ctypes, multiprocessing, sys
def work(times):
    absolute = ctypes.CDLL("libc.so.6").labs
    for _ in range(times):
        absolute(ctypes.c_long(-1))
if __name__ == "__main__":
    work(1)
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=work, args=(100,)) for _ in range(3)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    assert not any(worker.exitcode for worker in workers)
"""

FORK = f"""
import os
{CALL}
if os.fork() == 0:
    {CALL}
    {CALL}
    os._exit(0)
os.wait()
"""

EXEC = f"""
import os, sys
{CALL}
os.execv(sys.executable, [sys.executable, "-c", "{CALL}"])
"""

SPAWN = f"""
import os, sys
{CALL}
child = os.posix_spawn(sys.executable, [sys.executable, "-c", "{CALL}; {CALL}"], os.environ)
assert os.waitpid(child, 0)[1] == 0
"""

SUBPROCESS = f"""
import subprocess, sys
assert getattr(subprocess, "_USE_VFORK", True)  # always, from 3.14 on
{CALL}
subprocess.run([sys.executable, "-c", "{CALL}; {CALL}"], check=True)
subprocess.run([sys.executable, "-c", "{CALL}"], check=True, close_fds=False, cwd="/")
"""

# A daemon, made in the classic way. The program ends when the daemon has done its work.
DAEMON = f"""
import os, sys, time
{CALL}
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0)
    os.closerange(0, 4096)
    assert os.open("/dev/null", os.O_RDWR) == 0
    {CALL}
    {CALL}
    files = [os.open("/dev/null", os.O_RDWR) for _ in range(20)]
    {CALL}
    assert all(os.fstat(file).st_rdev == os.stat("/dev/null").st_rdev for file in files)
    os.mkdir(sys.argv[1])
    os._exit(0)
assert os.wait()[1] == 0
end = time.monotonic() + 240
while not os.path.exists(sys.argv[1]) and time.monotonic() < end:
    time.sleep(0.01)
"""

# One worker is killed while it does nothing, and another one while it makes calls. Each logs its
# calls.
KILLED = """
import ctypes, mmap, os, signal, sys, time
log = memoryview(mmap.mmap(-1, 4096)).cast("Q")
absolute = ctypes.CDLL("libc.so.6").labs
for is_busy in 0, 1:
    child = os.fork()
    if child == 0:
        while True:
            log[2 * is_busy] += 1
            absolute(-1)
            log[2 * is_busy + 1] += 1
            while log[1] == 100 and not is_busy:
                time.sleep(1)
    while log[2 * is_busy + 1] < 100:
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
print(*log[0:4])
"""

# The process ends at once while other threads are in calls and between calls.
LEFT = """
import ctypes, os, threading
libc = ctypes.CDLL("libc.so.6")
def call(name, times):
    function = getattr(libc, name)
    for _ in range(times):
        function(ctypes.c_long(-1))
    done.wait()
    libc.pause()
done = threading.Barrier(5)
for _ in range(4): threading.Thread(target=call, args=("labs", 1000)).start()
done.wait()
os._exit(7)
"""


class Processes(modes.Case):
    def reports_of(self, *command, status=0, **options):
        """What the command printed and the report, for a run in each mode."""
        for mode in "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, *command, **options)
                self.assertEqual(done.returncode, status, done.stderr.decode())
                report = self.report()
                self.assert_complete(report)
                yield done.stdout.decode(), report
                shutil.rmtree(self.data)

    def assert_labs_calls(self, calls, processes, *command, **options):
        """Checks the processes by themselves, too: none counts calls of another one."""
        for _, report in self.reports_of(*command, **options):
            self.assertEqual(self.function(report, "labs", "libc")["calls"], calls)
            found = [sum(thread["calls"] for thread in one["threads"]) for one in report["processes"]]
            self.assertEqual(sorted(found), sorted(processes))
            yield report

    def assert_all_labs_calls(self, *expected):
        for _ in self.assert_labs_calls(*expected):
            pass

    def test_multiprocessing(self):
        script = self.folder / "pool.py"
        script.write_text(POOL)
        # The last two also run a process of multiprocessing's own, or two.
        for method, others in ("fork", []), ("spawn", [0]), ("forkserver", [0, 0]):
            with self.subTest(method):
                self.assert_all_labs_calls(
                    301, [1, 100, 100, 100] + others, harness.PYTHON, script, method
                )

    def test_fork_that_leaves_by_exit(self):
        for report in self.assert_labs_calls(3, [1, 2], harness.PYTHON, "-c", FORK):
            parent, child = sorted(report["processes"], key=lambda process: process["start"])
            self.assertEqual(child["ppid"], parent["pid"])

    def test_exec_in_place(self):
        for report in self.assert_labs_calls(2, [1, 1], harness.PYTHON, "-c", EXEC):
            first, second = report["processes"]
            self.assertEqual(first["pid"], second["pid"])

    def test_posix_spawn(self):
        self.assert_all_labs_calls(3, [1, 2], harness.PYTHON, "-c", SPAWN)

    def test_subprocess_that_uses_vfork(self):
        self.assert_all_labs_calls(4, [1, 2, 1], harness.PYTHON, "-c", SUBPROCESS)

    def test_a_daemon_that_closes_every_descriptor(self):
        for mode in "stat", "record":
            with self.subTest(mode):
                done = self.folder / f"{mode}-done"
                self.run_in(mode, harness.PYTHON, "-c", DAEMON, done)
                self.assertTrue(done.exists())
                report = self.report()
                self.assert_complete(report)
                found = {
                    one["pid"]: sum(thread["calls"] for thread in one["threads"])
                    for one in report["processes"]
                }
                self.assertEqual(sorted(count for count in found.values() if count), [1, 3])

    def test_workers_that_are_killed(self):
        for output, report in self.reports_of(harness.PYTHON, "-c", KILLED):
            idle_begun, idle, busy_begun, busy = map(int, output.split())
            self.assertEqual((idle_begun, idle), (100, 100))
            _, first, second = sorted(report["processes"], key=lambda process: process["start"])
            self.assertEqual(first["threads"][0]["calls"], 100)
            self.assertGreaterEqual(second["threads"][0]["calls"], busy)
            self.assertLessEqual(second["threads"][0]["calls"], busy_begun)

    def test_leaving_by_exit_while_threads_call(self):
        for _, report in self.reports_of(harness.PYTHON, "-c", LEFT, status=7):
            self.assertEqual(self.function(report, "labs", "libc")["calls"], 4000)
            self.assertEqual(report["processes"][0]["exit"], {"status": 7})

    def test_forks_while_other_threads_make_their_first_call(self):
        for _, report in self.reports_of(APPS / "fork_crowd"):
            self.assertEqual(sum(one["calls"] for one in report["functions"]), 4000)

    def test_a_fork_while_another_thread_loads(self):
        library, needed = self.folder / "libouter_plain.so", self.folder / "libbeside.so"
        shutil.copy(APPS / "linkage" / library.name, library)
        os.mkfifo(needed)
        for _, report in self.reports_of(APPS / "fork_while_loading", library, needed):
            self.assertEqual([one["calls"] for one in report["functions"]], [1])
            self.assertEqual([one["failed"] for one in report["loads"]], [1])

    def test_a_fork_while_another_thread_walks_through_the_libraries(self):
        for _, report in self.reports_of(APPS / "fork_while_loading"):
            self.assertEqual([one["calls"] for one in report["functions"]], [1])

    def test_closing_every_descriptor(self):
        opened = "import os; mine = os.open('/dev/null', os.O_RDONLY)"
        closing = "os.closerange(3, 1000); print(len(os.listdir('/proc/self/fd')) > 4)"
        again = "print(os.open('/dev/null', os.O_RDONLY) <= mine)"
        done = self.record(
            harness.PYTHON, "-c", "; ".join((opened, CALL, closing, again, CALL, "print('end')"))
        )
        # LTTng's own descriptors stay open. The descriptors of the program were closed, and their
        # numbers are used again.
        self.assertEqual(done.stdout.split()[-2:], [b"True", b"end"])
        report = self.report()
        self.assert_complete(report)
        self.assertEqual(self.function(report, "labs", "libc")["calls"], 2)

    def test_a_program_that_cannot_be_seen_is_named(self):
        for mode in "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, APPS / "static_program")
                self.assertEqual(done.returncode, 0)
                report = self.report()
                self.assertTrue(report["losses"]["lower_bound"])
                (unseen,) = report["losses"]["unseen_processes"]
                self.assertTrue(unseen["why"].endswith("/static_program, which is statically linked"))


if __name__ == "__main__":
    harness.main()
