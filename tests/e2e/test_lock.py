"""The interpreter's lock is the program's alone: no hook takes it, at no time of its life."""

import modes
from harness import BUILD, PYTHON, main

# A thread makes a foreign call while another one holds the lock, until that call is over.
HELD = """
import ctypes, sys, threading
without, held = ctypes.CDLL(sys.argv[1]), ctypes.PyDLL(sys.argv[1])
for _ in range(5):
    thread = threading.Thread(target=lambda: print(without.relay_without_lock()))
    thread.start()
    without.relay_is_there()
    held.relay_with_lock()
    thread.join()
print("nobody waited for ever")
"""

# Not called back: CPython 3.11 itself crashes where a callback asks for the lock of an interpreter
# that is no more.
DAEMONS = """
import ctypes, threading, time
libc = ctypes.CDLL("libc.so.6")
started = threading.Semaphore(0)
def work(function, *arguments):
    function(*arguments)
    started.release()
    while True:
        function(*arguments)
for one in (libc.usleep, 50), (libc.labs, 1), (libc.sched_yield,):
    threading.Thread(target=work, args=one, daemon=True).start()
for _ in range(3):
    started.acquire()
print("over", flush=True)
"""

INTERPRETERS = """
import _xxsubinterpreters as interpreters
code = "import ctypes\\nfor i in range(10): ctypes.CDLL('libc.so.6').labs(i)"
exec(code)
for _ in range(3):
    one = interpreters.create()
    interpreters.run_string(one, code)
    interpreters.destroy(one)
print("done")
"""


class Lock(modes.Case):
    def test_no_hook_takes_it(self):
        relay = BUILD / "tests" / "apps" / "calls" / "librelay.so"
        plain, reports = self.assert_same(PYTHON, "-c", HELD, relay, timeout=20)
        self.assertEqual(plain.stdout.splitlines()[-2:], [b"2", b"nobody waited for ever"])
        for report in reports.values():
            found = self.function(report, "relay_called")
            self.assertEqual((found["calls"], found["gil"]["held_calls"]), (5, 5))
            self.assertEqual(self.function(report, "relay_with_lock")["gil"]["held_calls"], 5)
            self.assertEqual(self.function(report, "relay_without_lock")["gil"]["windows"], 5)

    def test_daemon_threads_at_the_interpreters_end(self):
        for _ in range(3):
            plain, reports = self.assert_same(PYTHON, "-c", DAEMONS, timeout=60)
            self.assertEqual((plain.stdout, plain.returncode), (b"over\n", 0))
        for report in reports.values():
            for symbol in "usleep", "labs", "sched_yield":
                self.assertGreater(self.function(report, symbol, "libc")["calls"], 0)

    def test_interpreters_in_one_process(self):
        plain, reports = self.assert_same(PYTHON, "-c", INTERPRETERS, timeout=60)
        self.assertEqual(plain.stdout, b"done\n")
        for report in reports.values():
            found = self.function(report, "labs", "libc")
            self.assertEqual((found["calls"], found["gil"]["windows"]), (40, 40))


if __name__ == "__main__":
    main()
