"""Every process of a program is in the recording: forked, spawned, executed in place."""

import harness

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


class Processes(harness.Case):
    def labs_calls(self, report):
        self.assert_complete(report)
        return self.function(report, "labs", "libc")["calls"]

    def test_multiprocessing(self):
        script = self.folder / "pool.py"
        script.write_text(POOL)
        for method, processes in ("fork", 4), ("spawn", 5), ("forkserver", 6):
            with self.subTest(method):
                self.data = self.folder / method
                self.record(harness.PYTHON, script, method)
                report = self.report()
                self.assertEqual(self.labs_calls(report), 301)
                # The last two also run a process of multiprocessing's own.
                self.assertEqual(len(report["processes"]), processes)

    def test_fork_that_leaves_by_exit(self):
        self.record(harness.PYTHON, "-c", FORK)
        report = self.report()
        self.assertEqual(self.labs_calls(report), 3)
        self.assertEqual(len(report["processes"]), 2)
        parent, child = sorted(report["processes"], key=lambda process: process["start"])
        self.assertEqual(child["ppid"], parent["pid"])

    def test_exec_in_place(self):
        self.record(harness.PYTHON, "-c", EXEC)
        report = self.report()
        self.assertEqual(self.labs_calls(report), 2)
        first, second = report["processes"]
        self.assertEqual(first["pid"], second["pid"])

    def test_forks_while_other_threads_make_their_first_call(self):
        self.record(harness.BUILD / "tests" / "apps" / "fork_crowd", timeout=60)
        report = self.report()
        self.assertEqual(sum(one["calls"] for one in report["functions"]), 4000)

    def test_closing_every_descriptor(self):
        opened = "import os; mine = os.open('/dev/null', os.O_RDONLY)"
        closing = "os.closerange(3, 1000); print(len(os.listdir('/proc/self/fd')) > 4)"
        again = "print(os.open('/dev/null', os.O_RDONLY) <= mine)"
        done = self.record(
            harness.PYTHON, "-c", "; ".join((opened, CALL, closing, again, CALL, "print('end')"))
        )
        # LTTng's own stay; the program's went, and their numbers are used again.
        self.assertEqual(done.stdout.split()[-2:], [b"True", b"end"])
        self.assertEqual(self.labs_calls(self.report()), 2)

    def test_a_program_that_cannot_be_seen_is_named(self):
        static = harness.BUILD / "tests" / "apps" / "static_program"
        self.record(static)
        report = self.report()
        self.assertTrue(report["losses"]["lower_bound"])
        self.assertEqual(len(report["losses"]["unseen_processes"]), 1)


if __name__ == "__main__":
    harness.main()
