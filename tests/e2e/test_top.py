"""ffitap top shows what a program does while it runs, from its statistics: on a terminal again and
again, or printed once."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import harness
from harness import FFITAP, PYTHON, seconds

# Each line that it reads says what to call, and how often.
OBEDIENT = """
import ctypes, os, sys
libc = ctypes.CDLL("libc.so.6")
print(os.getpid(), flush=True)
for line in sys.stdin:
    name, argument, times = line.split()
    for _ in range(int(times)):
        getattr(libc, name)(int(argument))
    print("done", flush=True)
"""


class Screen:
    """What a program shows on a VT52, the terminal that is easiest to imitate."""

    SIMPLE = re.compile(rb"\x1b(Y..|[A-Z=>])|[\x20-\x7e\x80-\xff]+|.", re.DOTALL)

    def __init__(self, *command, rows=24, columns=80, **variables):
        self.waiting = b""
        self.status = None
        sized, is_sized = os.pipe()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            environment = {**os.environ, "TERM": "vt52", **variables}
            os.close(is_sized)
            os.read(sized, 1)  # returns when the terminal has its size
            os.execve(command[0], [str(word) for word in command], environment)
        os.close(sized)
        self.resize(rows, columns)
        self.modes_before = termios.tcgetattr(self.terminal)
        os.close(is_sized)

    def resize(self, rows, columns):
        self.size = rows, columns
        self.row = self.column = 0
        self.cells = [[" "] * columns for _ in range(rows)]
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def write(self, piece):
        for character in piece.decode("latin-1"):
            if self.row < self.size[0] and self.column < self.size[1]:
                self.cells[self.row][self.column] = character
            self.column += 1

    def clear(self, row, column):
        if row < self.size[0]:
            self.cells[row][column:] = [" "] * max(self.size[1] - column, 0)

    def control(self, piece):
        rest = range(self.row + 1, self.size[0])
        if piece[:2] == b"\x1bY":
            self.row, self.column = piece[2] - 32, piece[3] - 32
        elif piece == b"\x1bH":
            self.row = self.column = 0
        elif piece in (b"\x1bJ", b"\x1bK"):
            self.clear(self.row, self.column)
            for row in rest if piece == b"\x1bJ" else ():
                self.clear(row, 0)
        elif piece in (b"\x1bA", b"\x1bB", b"\n"):
            self.row += -1 if piece == b"\x1bA" else 1
        elif piece in (b"\x1bC", b"\x1bD", b"\b"):
            self.column += 1 if piece == b"\x1bC" else -1
        elif piece == b"\t":
            self.column += 8 - self.column % 8
        elif piece == b"\r":
            self.column = 0

    def take(self):
        """Reads what there is, and keeps a sequence whose end is missing for the next time."""
        while self.waiting:
            start = self.waiting[:4]
            if start[0] == 0x1B and len(start) < (4 if start[1:2] == b"Y" else 2):
                return
            piece = self.SIMPLE.match(self.waiting).group()
            self.waiting = self.waiting[len(piece) :]
            if piece[0] >= 0x20:
                self.write(piece)
            else:
                self.control(piece)

    def read(self, seconds):
        """Returns whether more may come."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self.terminal, 65536)
        except OSError:  # the program has closed it
            return False
        self.waiting += piece
        self.take()
        return bool(piece)

    def wait_for(self, pattern):
        deadline = time.monotonic() + 60
        while not re.search(pattern, self.text(), re.MULTILINE):
            if not self.read(max(deadline - time.monotonic(), 0)):
                raise AssertionError(f"{pattern!r} is not in\n{self.text()}")
        return self.text()

    def press(self, key):
        os.write(self.terminal, key.encode())

    def end(self):
        """Waits for the program's end; returns its exit status."""
        while self.read(60):
            pass
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        return self.status

    def close(self):
        if self.status is None:
            os.kill(self.process, signal.SIGKILL)
            self.end()
        os.close(self.terminal)


class Case(harness.Case):
    def start(self, *options, script=OBEDIENT, command="stat"):
        """Runs a program that keeps statistics; sets its process id."""
        self.running = subprocess.Popen(
            [FFITAP, command, *options, "--", PYTHON, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(self.finish)
        self.pid = self.running.stdout.readline().strip()

    def finish(self):
        if self.running.stdin:
            self.running.communicate()
        self.running.stdin = None

    def call(self, name, argument=-1, times=1):
        self.running.stdin.write(f"{name} {argument} {times}\n")
        self.running.stdin.flush()
        self.running.stdout.readline()

    def call_often_and_long(self):
        """Calls abs more often than usleep, which takes longer on any machine."""
        start = time.monotonic()
        self.call("abs", times=50)
        self.call("usleep", int(2e6 * (time.monotonic() - start)))

    def top(self, *arguments, status=0, **options):
        done = harness.run(FFITAP, "top", *arguments, **options)
        self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace"))
        return (done.stderr if status else done.stdout).decode()

    def screen(self, *arguments, **options):
        screen = Screen(FFITAP, "top", *arguments, **options)
        self.addCleanup(screen.close)
        return screen


def order(text):
    """The functions in the order of their rows."""
    return re.findall(r"^ +\d+ .*  (\w+) \(libc", text, re.MULTILINE)


class Once(Case):
    def test_it_shows_a_directory(self):
        self.start("-o", self.data)
        self.call("abs", times=12)
        text = self.top("--once", self.data)
        self.assertRegex(text, r"^ffitap: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, running\nCommand: ")
        self.assertRegex(text, r"(?m)^[\d.]+ m?s, 1 process, 12 foreign calls$")
        self.assertRegex(text, r"(?m)^ +12 .*  abs \(libc.so.6\)  ctypes$")

    def test_it_shows_a_process(self):
        self.start()
        self.call("abs", times=12)
        text = self.top("--once", self.pid)
        self.assertRegex(text, r"(?m)^Command: /usr/bin/python3 -c \?import ctypes")
        self.assertRegex(text, r"(?m)^ +12 .*  abs \(libc.so.6\)  ctypes$")
        self.assertNotIn("LOSSES", text)

    def test_it_shows_what_is_being_recorded(self):
        self.start("-o", self.data, command="record")
        self.call("abs", times=12)
        for name in self.data, self.pid:
            text = self.top("--once", name)
            self.assertRegex(text, r"(?m)^[\d.]+ m?s, 1 process, 12 foreign calls$")
            self.assertNotIn("LOSSES", text)

    def test_without_a_name_it_shows_the_usual_directory(self):
        self.stat("-o", self.folder / "ffitap.data", "--", PYTHON, "-c", "")
        self.assertIn("\nCommand: /usr/bin/python3 -c \n", self.top("--once", cwd=self.folder))

    def test_rates_are_those_since_the_start(self):
        self.start("-o", self.data)
        self.call("usleep", 100000, 10)
        text = self.top("--once", self.data)
        (run,) = map(seconds, re.findall(r"(?m)^([\d.]+ m?s), 1 process,", text))
        (row,) = re.findall(r"(?m)^ +10 .* usleep .*$", text)
        _, per_second, time, unit, share, share_now = row.split()[:6]
        expected = 100 * seconds(f"{time} {unit}") / run
        self.assertGreater(expected, 0)
        self.assertAlmostEqual(int(per_second), 10 / run, delta=0.5 + 0.01 * 10 / run, msg=text)
        self.assertAlmostEqual(float(share), expected, delta=0.05 + 0.02 * expected, msg=text)
        self.assertEqual(share_now, share)

    def test_with_an_interval_rates_are_those_of_that_time(self):
        self.start("-o", self.data)
        self.call("abs", times=1000)
        text = self.top("--once", "--interval", "0.1", self.data)
        self.assertRegex(text, r"(?m)^ +1000 +0 .* abs ")

    def test_it_sorts_as_asked(self):
        self.start("-o", self.data)
        self.call_often_and_long()
        for by, title, first in (
            ("calls", "calls", "abs"),
            ("time", "the time their callers spent", "usleep"),
        ):
            text = self.top("--once", "--sort", by, self.data)
            self.assertIn(f"\nFunctions, by {title}\n", text)
            self.assertEqual(order(text)[0], first)
        text = self.top("--once", "--sort", "wait", self.data)
        self.assertIn("\nFunctions, by GIL wait\n", text)

    def test_by_wait_the_longest_comes_first(self):
        self.start(
            "-o",
            self.data,
            script="import threading\n"
            "def spin():\n"
            "    while True: pass\n"
            "threading.Thread(target=spin, daemon=True).start()\n" + OBEDIENT,
        )
        self.call("usleep", 1000, 20)
        self.call("getpid", 0, 60)
        waits = [order(self.top("--once", "--sort", by, self.data)) for by in ("calls", "wait")]
        self.assertEqual(waits[0], ["getpid", "usleep"])
        text = self.top("--once", "--sort", "wait", self.data)
        column = r"(?m)^ +\d+ +\d+ +[\d.]+ \w+ +[\d.]+ +[\d.]+ +([\d.]+ \w+)"
        times = [seconds(shown) for shown in re.findall(column, text)]
        self.assertEqual((times, len(times)), (sorted(times, reverse=True), 2))

    def test_it_says_what_a_program_is_in(self):
        self.start("-o", self.data)
        self.running.stdin.write("pause 0 1\n")
        self.running.stdin.flush()
        self.addCleanup(os.kill, int(self.pid), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while "In a foreign call" not in (text := self.top("--once", self.pid)):
            self.assertLess(time.monotonic(), deadline, text)
        self.assertRegex(text, rf"\n +[\d.]+ [mun]?s  pid {self.pid}, thread .*: pause \(libc.so.6")
        self.assertIn("\nNo foreign call has returned.\n", text)

    def test_one_that_has_ended_is_shown_as_it_ended(self):
        self.stat("-o", self.data, "--", "sh", "-c", "exit 3", status=3)
        text = self.top("--once", self.data)
        self.assertIn(", the program has ended; its last figures\n", text)
        self.assertIn(" foreign calls, exit status 3\n", text)

    def test_children_are_in_it(self):
        self.start(
            "-o",
            self.data,
            script="import ctypes, os, signal\n"
            "if os.fork() == 0:\n"
            "    ctypes.CDLL('libc.so.6').abs(-1)\n"
            "    print('counted', flush=True)\n"
            "    os.read(0, 1)\n"
            "else: os.wait()\n",
        )
        self.assertIn(" 2 processes, 1 foreign call\n", self.top("--once", self.data))

    def test_a_child_that_counted_nothing_has_no_figures_of_its_own(self):
        self.start(
            script="import ctypes, os\n"
            "ctypes.CDLL('libc.so.6').abs(-1)\n"
            "child = os.fork()\n"
            "if child == 0: os.read(0, 1)\n"
            "else: print(child, flush=True); os.wait()\n",
        )
        text = self.top("--once", self.pid, status=125)
        self.assertIn("it made no foreign call since it was forked", text)


    def test_a_file_that_a_child_still_maps_is_its_parents(self):
        self.start(
            script="import ctypes, os\n"
            "child = ctypes.CDLL('libc.so.6').syscall(57)  # fork, unseen by libc\n"
            "if child == 0: os.read(0, 1)\n"
            "else: print(child, flush=True); os.wait()\n",
        )
        self.assertIn("/stat/", pathlib.Path(f"/proc/{self.pid}/maps").read_text())
        self.top("--once", self.pid, status=125)


class Refused(Case):
    def refused(self, *arguments, **options):
        return self.top(*arguments, status=125, **options)

    def test_a_directory_without_statistics(self):
        self.stat("-o", self.data, "--", "true")
        for file in (self.data / "stat").iterdir():
            file.unlink()
        (self.data / "stat").rmdir()
        self.assertEqual(
            self.refused("--once", self.data),
            f"ffitap: {self.data}: it holds no statistics; 'ffitap stat -o' and 'ffitap record' "
            "keep some\n",
        )

    def test_what_is_no_recording(self):
        self.assertIn("no such directory", self.refused("--once", self.data))
        self.data.mkdir()
        self.assertIn("not a recording", self.refused("--once", self.data))

    def test_a_process_without_statistics(self):
        self.assertEqual(
            self.refused("--once", os.getpid()),
            f"ffitap: process {os.getpid()}: it keeps no statistics; run it under "
            "'ffitap stat -o DIR'\n",
        )

    def test_a_process_that_is_not_there(self):
        for number in "0", "999999999", "9" * 200:
            text = self.refused("--once", number)
            self.assertEqual(text, f"ffitap: process {number}: No such process\n")

    def test_a_live_view_without_a_terminal(self):
        self.stat("-o", self.data, "--", "true")
        self.assertEqual(
            self.refused(self.data), "ffitap: standard output is no terminal; use --once\n"
        )

    def test_wrong_words(self):
        for words, why in (
            (("--sort", "name"), "--sort: 'name' is none of calls, time and wait"),
            (("--interval", "0"), "--interval: '0' is no number of seconds"),
            (("--interval", "soon"), "--interval: 'soon' is no number of seconds"),
            (("--twice",), "--twice: unknown option; see ffitap top --help"),
            (("one", "two"), "two: excess argument; see ffitap top --help"),
        ):
            self.assertIn(f"ffitap: {why}", self.refused(*words))

    def test_a_table_that_nobody_takes(self):
        self.stat("-o", self.data, "--", "true")
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [FFITAP, "top", "--once", self.data], stdout=full, stderr=subprocess.PIPE
            )
        self.assertEqual(done.returncode, 125)
        self.assertEqual(done.stderr, b"ffitap: standard output: No space left on device\n")


class Live(Case):
    def test_it_follows_what_is_counted(self):
        self.start("-o", self.data)
        self.call("abs", times=3)
        screen = self.screen(self.data, "--interval", "0.05")
        screen.wait_for(r"^ +3 .*  abs \(libc")
        self.call("abs", times=4)
        text = screen.wait_for(r"^ +7 .*  abs \(libc")
        self.assertIn(", running\n", text)
        self.assertTrue(text.endswith("\nsort by: c calls, t time, w GIL wait; q quits"))
        screen.wait_for(r"^ +7 +0 .* 0\.0 +[\d.]+ \ws  abs \(libc")

    def test_keys_sort_at_once_and_quit(self):
        self.start("-o", self.data)
        self.call_often_and_long()
        screen = self.screen(self.data, "--interval", "3600", "--sort", "calls")
        screen.wait_for("^Functions, by calls$")
        self.assertEqual(order(screen.wait_for(r"q quits$")), ["abs", "usleep"])
        screen.press("t")
        text = screen.wait_for(r"^Functions, by the time[^\f]*usleep[^\f]*abs")
        self.assertEqual(order(text), ["usleep", "abs"])
        screen.press("w")
        screen.wait_for("^Functions, by GIL wait$")
        screen.press("c")
        screen.wait_for(r"^Functions, by calls$[^\f]*abs[^\f]*usleep")
        screen.press("q")
        self.assertEqual(screen.end(), 0)

    def test_a_window_may_change_its_size(self):
        self.start("-o", self.data)
        self.call("abs")
        screen = self.screen(self.data, "--interval", "3600")
        text = screen.wait_for(r"q quits$")
        self.assertNotIn("p99", text)
        screen.resize(30, 150)
        text = screen.wait_for(r"mean +p50 +p99 +max  function$[^\f]*q quits$")
        self.assertEqual(text.splitlines()[-1][:7], "sort by")
        self.assertEqual(len(text.splitlines()), 30)
        screen.resize(3, 20)
        screen.wait_for(r"\Affitap: .*\nCommand: .*\nsort by: c calls, t\Z")
        screen.press("q")
        self.assertEqual(screen.end(), 0)

    def test_rows_that_are_too_long_do_not_spoil_the_next(self):
        self.start("-o", self.data)
        self.call("abs")
        text = self.screen(self.data, columns=40).wait_for(r"^sort by.*$")
        self.assertRegex(text, r"(?m)^[\d.]+ m?s, 1 process, 1 foreign call$")

    def test_last_figures_stay_when_a_process_has_ended(self):
        for options in ("-o", self.data), ():
            with self.subTest(options):
                self.start(*options)
                self.call("abs", times=5)
                screen = self.screen(self.pid, "--interval", "0.05")
                screen.wait_for(r", running\n[^\f]*^ +5 .*  abs \(libc")
                self.finish()
                text = screen.wait_for(", the process has ended; its last figures\n")
                self.assertRegex(text, r"(?m)^ +5 .*  abs \(libc")
                screen.press("q")
                self.assertEqual(screen.end(), 0)

    def test_last_figures_stay_when_a_recording_has_ended(self):
        self.start("-o", self.data)
        screen = self.screen(self.data, "--interval", "0.05")
        screen.wait_for(r"^No foreign call has returned\.$")
        self.call("abs", times=5)
        os.kill(int(self.pid), signal.SIGKILL)
        screen.wait_for(
            r", the program has ended; its last figures\n"
            r"[^\f]*, killed by SIGKILL$[^\f]*^ +5 .*  abs \(libc"
        )

    def test_last_figures_stay_when_the_directory_goes(self):
        self.start("-o", self.data)
        self.call("abs", times=5)
        screen = self.screen(self.data, "--interval", "0.05")
        screen.wait_for(r", running\n[^\f]*^ +5 .*  abs \(libc")
        self.data.rename(self.folder / "elsewhere")
        text = screen.wait_for(r", its directory is gone; the last figures\n")
        self.assertRegex(text, r"(?m)^ +5 .*  abs \(libc")

    def test_last_figures_stay_when_the_statistics_are_removed(self):
        self.start("-o", self.data)
        self.call("abs", times=5)
        screen = self.screen(self.pid, "--interval", "0.05")
        screen.wait_for(r", running\n[^\f]*^ +5 .*  abs \(libc")
        for file in (self.data / "stat").iterdir():
            file.unlink()
        text = screen.wait_for(", running on, statistics removed; the last figures\n")
        self.assertRegex(text, r"(?m)^ +5 .*  abs \(libc")
        self.assertEqual(
            self.top("--once", self.pid, status=125),
            f"ffitap: process {self.pid}: its statistics file was removed while it ran\n",
        )

    def test_another_program_in_the_process_takes_its_place(self):
        self.start(
            script="import ctypes, os, sys\n"
            "ctypes.CDLL('libc.so.6').abs(-1)\n"
            "print(os.getpid(), flush=True)\n"
            "sys.stdin.readline()\n"
            "os.execl('/usr/bin/python3', 'second', '-uc', '''import ctypes, os, sys\n"
            "ctypes.CDLL('libc.so.6').labs(-1)\n"
            "os.read(0, 1)\n"
            "os.execve('/usr/bin/cat', ['cat'], {})''')\n"
        )
        screen = self.screen(self.pid, "--interval", "0.05")
        screen.wait_for(r"^ +1 .*  abs \(libc")
        self.running.stdin.write("\n")
        self.running.stdin.flush()
        text = screen.wait_for(r"^Command: second [^\f]* labs \(libc")
        self.assertEqual(order(text), ["labs"])
        self.running.stdin.write("\n")
        self.running.stdin.flush()
        text = screen.wait_for(", running on without statistics; the last figures\n")
        self.assertEqual(order(text), ["labs"])

    def test_a_signal_gives_the_terminal_back(self):
        self.stat("-o", self.data, "--", "true")
        for number in signal.SIGINT, signal.SIGTERM:
            screen = self.screen(self.data)
            screen.wait_for("q quits$")
            self.assertNotEqual(termios.tcgetattr(screen.terminal), screen.modes_before)
            if number == signal.SIGINT:
                screen.press("\x03")
            else:
                os.kill(screen.process, number)
            self.assertEqual(screen.end(), 128 + number)

    def test_a_terminal_that_goes_ends_it(self):
        self.stat("-o", self.data, "--", "true")
        screen = self.screen(self.data, "--interval", "3600")
        screen.wait_for("q quits$")
        os.close(screen.terminal)
        screen.terminal = os.open("/dev/null", os.O_RDWR)
        self.assertEqual(screen.end(), 128 + signal.SIGHUP)

    def test_a_terminal_that_cannot_is_refused(self):
        self.stat("-o", self.data, "--", "true")
        for name, why in (
            ("dumb", "the terminal 'dumb' (TERM) cannot be written to in place"),
            ("no-such-terminal", "nothing is known of the terminal 'no-such-terminal' (TERM)"),
            ("", "TERM does not say which terminal this is"),
        ):
            screen = self.screen(self.data, columns=100, TERM=name)
            self.assertEqual(screen.end(), 125)
            self.assertEqual(screen.text().rstrip(), f"ffitap: {why}; use --once")


if __name__ == "__main__":
    harness.main()
