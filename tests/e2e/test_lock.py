"""Only the program itself takes the interpreter's lock. No hook takes it, at any time of the
program's life."""

import interpreters
import modes
from harness import BUILD, PYTHON, main

CALLED = BUILD / "tests" / "apps" / "calls"

# A thread makes a foreign call while another one holds the lock, until that call is over.
HELD = """
from __future__ import print_function
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

# No callbacks here: CPython 3.11 itself crashes if a callback asks for the lock of an interpreter
# that is no more. What happens to a daemon thread that asks for the lock once the interpreter has
# begun to end depends on the version. From 3.0 on the thread ends there. In later versions (3.13.15
# is one of them) and in free-threaded ones it waits there for ever. `Last` waits until all threads
# have come that far: it looks at each a hundred times, and the thread must sleep and not run in
# between. Then it makes another call.
DAEMONS = """
from __future__ import print_function
import ctypes, sys, threading
libc = ctypes.CDLL("libc.so.6")
started = threading.Semaphore(0)
tasks = []
def work(function, *arguments):
    tasks.append(b"/proc/self/task/" + str(libc.gettid()).encode())
    function(*arguments)
    started.release()
    while True:
        function(*arguments)
for one in (libc.usleep, 50), (libc.labs, 1), (libc.sched_yield,):
    thread = threading.Thread(target=work, args=one)
    thread.daemon = True
    thread.start()
for _ in range(3):
    started.acquire()
class Last(object):
    ending = tasks if sys.version_info >= (3,) else []
    def look(self, path, open=libc.open, read=libc.read, close=libc.close,
             text=ctypes.create_string_buffer(100)):
        file = open(path, 0)
        size = read(file, text, 100) if file >= 0 else 0
        close(file)
        return text.raw[:size] if size > 0 else b""
    def __del__(self, poll=libc.poll, over=libc.puts):
        for task in self.ending:
            before, looks = b"", 0
            while looks < 100:
                now = self.look(task + b"/schedstat")
                if not now:
                    break
                sleeps = b") S " in self.look(task + b"/stat")
                looks = looks + 1 if sleeps and now == before else 0
                before = now
                poll(None, 0, 1)
        over(b"over")
sys.last_object = Last()
"""

# Ten calls in the first interpreter, and in three more that come and go.
CALLS = "import ctypes\nfor i in range(10): ctypes.CDLL('libc.so.6').labs(i)"
BY_C = f"""
import ctypes, sys
code = {CALLS!r}
exec(code)
library = ctypes.PyDLL(sys.argv[1])
for _ in range(3):
    assert library.interpreter_run(code.encode()) == 0
"""
BY_MODULE = f"""
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
code = {CALLS!r}
exec(code)
for _ in range(3):
    if sys.version_info >= (3, 13):
        one = interpreters.create("legacy")
    elif sys.version_info >= (3, 12):
        one = interpreters.create(isolated=False)
    else:
        one = interpreters.create()
    assert interpreters.run_string(one, code) is None
    interpreters.destroy(one)
"""

# Three interpreters, each of which has a lock of its own, make calls at the same time.
OWN_LOCKS = """
import _interpreters, ctypes, threading
code = "import ctypes\\nlabs = ctypes.CDLL('libc.so.6').labs\\nfor i in range(2000): labs(i)"
def run(one):
    assert _interpreters.run_string(one, code) is None
several = [_interpreters.create("isolated") for _ in range(3)]
threads = [threading.Thread(target=run, args=(one,)) for one in several]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for one in several:
    _interpreters.destroy(one)
"""


class Case(modes.Case):
    def assert_calls(self, report, symbol, calls, windows, interpreter=None):
        found = self.function(report, symbol)
        gil = found["gil"]
        kept = interpreters.kept(interpreter or self.interpreter, gil)
        self.assertEqual((found["calls"], gil["windows"], kept), (calls, windows, calls - windows))


@interpreters.each("_ctypes seen")
class Lock(Case):
    def test_no_hook_takes_it(self):
        relay = CALLED / "librelay.so"
        plain, reports = self.assert_same(self.python, "-c", HELD, relay)
        self.assertEqual(plain.stdout.splitlines()[-2:], [b"2", b"nobody waited for ever"])
        for report in reports.values():
            called = self.function(report, "relay_called")
            self.assertEqual((called["calls"], called["gil"]["windows"]), (5, 0))
            self.assert_calls(report, "relay_with_lock", 5, 0)
            self.assert_calls(report, "relay_without_lock", 5, 5)

    def test_daemon_threads_at_the_interpreters_end(self):
        for _ in range(3 if self.python == PYTHON else 1):  # the threads are elsewhere each time
            plain, reports = self.assert_same(self.python, "-c", DAEMONS)
            self.assertEqual((plain.stdout, plain.returncode), (b"over\n", 0))
            for report in reports.values():
                self.assert_daemons(report)

    def assert_daemons(self, report):
        """The report names the threads that wait for a lock that they never get."""
        symbols = ["labs", "sched_yield", "usleep"]
        for symbol in symbols:
            self.assertGreater(self.function(report, symbol, "libc")["calls"], 0)
        self.assert_calls(report, "puts", 1, 1)
        waiting = sorted(
            one["symbol"] for one in report["in_flight"] if one["lock_wait_ns"] is not None
        )
        numbers = self.interpreter.numbers
        if numbers >= (3,):
            self.assertEqual(len(report["in_flight"]), len(waiting), "nowhere else")
        if (3,) <= numbers < (3, 13):
            self.assertEqual(waiting, [])
        elif numbers >= (3, 14):
            # A thread that calls without a pause may also ask for the lock between two calls.
            self.assertLessEqual({"usleep"}, set(waiting))
            self.assertLessEqual(set(waiting), set(symbols))

    def test_what_kind_of_lock_it_is(self):
        script = "import ctypes; ctypes.PyDLL('libc.so.6').labs(1)"
        _, reports = self.assert_same(self.python, "-c", script)
        free = self.interpreter.is_free_threaded
        for report in reports.values():
            self.assertEqual(
                report["processes"][0]["interpreter_lock"],
                {
                    "kind": "free-threaded" if free else "gil",
                    "seen_on": not free,
                    "seen_off": free,
                },
            )

    def test_interpreters_in_one_process(self):
        library = CALLED / "libinterpreter.so"
        plain, reports = self.assert_same(self.python, "-c", BY_C, library)
        self.assertEqual(plain.returncode, 0, plain.stderr)
        for report in reports.values():
            self.assert_calls(report, "labs", 40, 40)
            self.assert_calls(report, "interpreter_run", 3, 0)


@interpreters.each("_ctypes seen", "_interpreters|_xxsubinterpreters")
class Interpreters(Case):
    def test_those_of_the_module(self):
        plain, reports = self.assert_same(self.python, "-c", BY_MODULE)
        self.assertEqual(plain.returncode, 0, plain.stderr)
        for report in reports.values():
            self.assert_calls(report, "labs", 40, 40)


class OwnLocks(Case):
    """From 3.13 on ctypes can be used in interpreters that do not share their lock."""

    def test_they_call_at_the_same_time(self):
        selected = interpreters.select(
            "OwnLocks", "_ctypes seen", "_interpreters", may_lack_systems=True
        )
        if not selected:
            self.skipTest("there is no CPython here whose interpreters can have their own locks")
        for one in selected:
            with self.subTest(one.version):
                plain, reports = self.assert_same(one.executable, "-c", OWN_LOCKS)
                self.assertEqual(plain.returncode, 0, plain.stderr)
                for report in reports.values():
                    self.assert_calls(report, "labs", 6000, 6000, one)


if __name__ == "__main__":
    main()
