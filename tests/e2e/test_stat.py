"""ffitap stat: the program counts by itself, and the table and the report say what it counted."""

import json
import os
import pty
import re
import signal
import subprocess
import unittest

import harness
import jsonschema
import test_known_counts
from harness import PYTHON

SCHEMA = json.loads((harness.SOURCE / "tools/report/ffitap-report-1.schema.json").read_text())

ABS = "import ctypes, sys; function = ctypes.CDLL('libc.so.6').abs\n"


class KnownCounts(test_known_counts.KnownCounts):
    """Statistics say as exactly as a recording what a program did whose numbers are known."""

    def record(self, *command):
        return self.stat("-o", self.data, *command)


class KnownCountsWithLibrary(KnownCounts):
    python = test_known_counts.KnownCountsWithLibrary.python


class Case(harness.Case):
    """Temporary files are in a folder of each test's own."""

    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.environment = dict(os.environ, TMPDIR=str(self.temporary))

    def stat(self, *arguments, status=0, **options):
        return super().stat(*arguments, status=status, env=self.environment, **options)

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.temporary), [])

    def table(self, *arguments, **options):
        """The last table that is printed, of a run that leaves nothing."""
        text = self.stat(*arguments, **options).stderr.decode()
        self.assert_nothing_left()
        return text[text.rindex("Command: ") :]


class Table(Case):
    def row(self, table, name):
        """The row of a function by the table's columns."""
        (head,) = re.findall(r"^ +calls .*$", table, re.MULTILINE)
        columns = [name.strip() for name in re.findall(r"GIL wait|% run|\S+", head)]
        (row,) = [line for line in table.splitlines() if f"  {name} (" in line]
        return dict(zip(columns, re.findall(r"\d[\d.]*(?: [num]?s)?|\S+", row)))

    def test_it_says_how_often_and_how_long(self):
        table = self.table("--", PYTHON, harness.APPS / "known_counts.py")
        (run,) = re.findall(r"(?m)^([\d.]+ m?s), 1 process, 1061 foreign calls$", table)
        row = self.row(table, "usleep")
        self.assertEqual(row["calls"], "50")
        self.assertEqual(
            list(row)[:10],
            ["calls", "time", "% run", "GIL wait", "native", "self", "mean", "p50", "p99", "max"],
        )
        share = 100 * harness.seconds(row["time"]) / harness.seconds(run)
        self.assertGreater(share, 0)
        self.assertAlmostEqual(float(row["% run"]), share, delta=0.05 + 0.02 * share, msg=table)
        self.assertEqual(self.row(table, "crc32")["calls"], "1000")

    def test_what_costs_most_comes_first(self):
        table = self.table("--", PYTHON, harness.APPS / "known_counts.py")
        order = re.findall(r"^ +\d+ +([\d.]+ \w+) .*  ctypes$", table, re.MULTILINE)
        times = [harness.seconds(shown) for shown in order]
        self.assertEqual((times, len(times)), (sorted(times, reverse=True), 4))

    def test_everything_else_is_a_line_each(self):
        table = self.table("--", PYTHON, harness.APPS / "known_counts.py")
        self.assertRegex(table, r"(?m)^Loads: \d+ in .*; failed: 1x libffitap-does-not-exist.so.1$")
        self.assertRegex(
            table, r"(?m)^Lookups: \d+ in .*; failed: 1x ffitap_no_such_function \(libc.so.6\)$"
        )
        self.assertRegex(table, r"(?m)^errno: exchanged by 10 calls, which left ENOENT 10$")
        self.assertRegex(table, r"(?m)^Losses: none$")

    def test_of_many_failures_the_first_are_named(self):
        script = (
            "import ctypes\n"
            "for number in (1, 1, 2, 3, 4, 5):\n"
            "    try: ctypes.CDLL(f'libabsent{number}.so')\n"
            "    except OSError: pass\n"
        )
        self.assertRegex(
            self.table("--", PYTHON, "-c", script),
            r"; failed: 2x libabsent1.so, 1x libabsent2.so, 1x libabsent3.so, and 2 more\n",
        )

    def test_a_terminal_gets_as_many_functions_as_one_looks_at(self):
        kinds = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit".split()
        names = [f"is{kind}" for kind in kinds] + [f"isw{kind}" for kind in kinds]
        names += "toupper tolower towupper towlower toascii isascii abs labs".split()
        script = f"import ctypes\nfor name in {names}: getattr(ctypes.CDLL('libc.so.6'), name)(65)"
        terminal, end = pty.openpty()
        command = [harness.FFITAP, "stat", "--", PYTHON, "-c", script]
        text = b""
        with subprocess.Popen(command, stderr=end, env=self.environment):
            os.close(end)
            while b"Losses" not in text:
                text += os.read(terminal, 65536)
        os.close(terminal)
        self.assertEqual(text.count(b"  ctypes"), 30)
        self.assertIn(b"  ... and 2 more; --json FILE shows all\r\n", text)
        self.assertEqual(self.table("--", PYTHON, "-c", script).count("  ctypes"), 32)

    def test_a_program_that_cannot_count_is_told(self):
        table = self.table("--", harness.BUILD / "tests/apps/static_program")
        self.assertIn("(the command) was not seen: ", table)
        self.assertIn("Losses: yes", table)


class Program(Case):
    def test_its_streams_are_its_own(self):
        done = self.stat("--", "sh", "-c", "cat; echo to stderr >&2", input=b"\0in\xff")
        self.assertEqual(done.stdout, b"\0in\xff")
        self.assertTrue(done.stderr.startswith(b"to stderr\n"))

    def test_its_exit_status_is_passed_on(self):
        for status in 0, 1, 77, 125, 255:
            self.stat("--", "sh", "-c", f"exit {status}", status=status)
        self.assert_nothing_left()

    def test_its_death_by_a_signal_is_passed_on(self):
        for number in signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM:
            self.stat("--", "sh", "-c", f"kill -{number:d} $$", status=128 + number)
        self.assert_nothing_left()

    def test_signals_to_ffitap_reach_it(self):
        script = (
            "import signal, sys\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})\n"
            "print('on', flush=True)\n"
            "signal.sigwait({signal.SIGUSR1})\n"
            "sys.exit(9)\n"
        )
        running = subprocess.Popen(
            [harness.FFITAP, "stat", "--", PYTHON, "-c", script],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.assertEqual(running.stdout.readline(), b"on\n")
        running.send_signal(signal.SIGUSR1)
        running.communicate()
        self.assertEqual(running.returncode, 9)
        self.assert_nothing_left()

    def test_it_is_not_there(self):
        done = self.stat("--", "./no-such-program", status=127)
        self.assertEqual(done.stderr, b"ffitap: ./no-such-program: No such file or directory\n")
        done = self.stat("--", self.folder, status=126)
        self.assertIn(b": Permission denied\n", done.stderr)
        script = self.folder / "script"
        script.write_text("#!/no/such/interpreter\n")
        script.chmod(0o755)
        self.stat("--", script, status=127)
        self.assert_nothing_left()

    def test_no_lttng_is_in_it(self):
        done = self.stat("--", PYTHON, "-c", "print(open('/proc/self/maps').read())")
        self.assertIn(b"libffitap-shim.so", done.stdout)
        self.assertNotIn(b"lttng", done.stdout)
        self.assertNotIn(b"libffitap-tracepoints", done.stdout)

    def test_no_lttng_is_in_ffitap_that_has_to_load_first(self):
        commands = harness.PRIVATE_LIBRARIES / "libffitap-commands.so"
        needed = harness.run("ldd", harness.FFITAP, commands).stdout
        self.assertIn(b"libglib", needed)
        self.assertNotIn(b"lttng", needed)

    def test_one_that_is_built_on_the_core_counts_without_lttng(self):
        program = harness.BUILD / "tests/apps/core/core_host"
        table = self.table("--", program)
        self.assertRegex(table, r"(?m)^ +110 .*  sqrt \(libm.so.6\)  ffitap$")
        self.assertNotIn("LOSSES", table)

    def test_it_has_one_thread(self):
        done = self.stat("--", PYTHON, "-c", "import os; print(os.listdir('/proc/self/task'))")
        self.assertEqual(done.stdout.count(b","), 0)

    def test_under_ffitap_itself_the_inner_one_counts(self):
        self.stat("-o", self.folder / "outer", "--", harness.FFITAP, "stat", "-o", self.data, "--",
                  PYTHON, "-c", ABS + "function(-1)")
        self.assertEqual(self.function(self.report(), "abs")["calls"], 1)
        self.data = self.folder / "outer"
        self.assertEqual([one for one in self.report()["functions"]], [])


class Children(Case):
    def test_forked_ones_count(self):
        script = self.folder / "pool.py"
        script.write_text(
            "import ctypes, multiprocessing\n"
            "def work(times):\n"
            "    function = ctypes.CDLL('libc.so.6').labs\n"
            "    for _ in range(times): function(ctypes.c_long(-1))\n"
            "work(1)\n"
            "context = multiprocessing.get_context('fork')\n"
            "workers = [context.Process(target=work, args=(100,)) for _ in range(3)]\n"
            "for worker in workers: worker.start()\n"
            "for worker in workers: worker.join()\n"
        )
        self.stat("-o", self.data, "--", PYTHON, script)
        report = self.report()
        self.assert_complete(report)
        self.assertEqual(self.function(report, "labs", "libc")["calls"], 301)
        self.assertEqual(len(report["processes"]), 4)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_ones_of_another_user_count(self):
        script = ABS + (
            "import os\n"
            "os.setuid(65534)\n"
            "if os.fork() == 0:\n"
            "    function(-1)\n"
            "    os._exit(0)\n"
            "os.wait()\n"
        )
        self.folder.chmod(0o711)
        self.temporary.chmod(0o711)
        self.assertIn("2 processes, 1 foreign call\n", self.table("--", PYTHON, "-c", script))


class Output(Case):
    def test_it_is_kept_for_the_report(self):
        self.stat("-o", self.data, "--", PYTHON, "-c", ABS + "function(-1)\nsys.exit(3)", status=3)
        self.assert_nothing_left()
        report = self.report()
        self.assertEqual(report["recording"]["mode"], "stat")
        self.assertEqual(report["processes"][0]["exit"], {"status": 3})
        self.assertEqual(self.function(report, "abs")["calls"], 1)
        self.assertNotIn("lttng", report["recording"]["versions"])

    def test_an_earlier_one_is_kept_once(self):
        for number in "123":
            self.stat("-o", self.data, "--", "echo", number)
        self.assertEqual(sorted(os.listdir(self.folder)), ["data", "data.old", "tmp"])
        self.assertEqual(self.report()["recording"]["command"], ["echo", "3"])
        self.data = self.folder / "data.old"
        self.assertEqual(self.report()["recording"]["command"], ["echo", "2"])

    def test_a_foreign_directory_is_not_touched(self):
        self.data.mkdir()
        (self.data / "precious").touch()
        done = self.stat("-o", self.data, "--", "true", status=125)
        self.assertIn(b"exists and is not a recording", done.stderr)
        self.assertEqual(os.listdir(self.data), ["precious"])

    def test_a_failed_start_is_undone(self):
        self.stat("-o", self.data, "--", "echo", "1")
        script = self.folder / "script"
        script.write_text("#!/no/such/interpreter\n")
        script.chmod(0o755)
        self.stat("-o", self.data, "--", script, status=127)
        self.assertEqual(self.report()["recording"]["command"], ["echo", "1"])

    def test_its_folder_is_the_owners_when_the_program_has_ended(self):
        self.stat("-o", self.data, "--", "true")
        self.assertEqual((self.data / "stat").stat().st_mode & 0o1022, 0)

    def test_it_is_nowhere_else(self):
        del self.environment["TMPDIR"]
        done = self.stat("--", "sh", "-c", 'ls "$FFITAP_STAT_DIR"; echo "$FFITAP_STAT_DIR"')
        *files, folder = done.stdout.decode().splitlines()
        self.assertTrue(files)
        self.assertRegex(folder, "^/(dev/shm|tmp)/ffitap-stat-[^/]+/stat$")
        self.assertFalse(os.path.exists(os.path.dirname(folder)))

    def test_a_missing_place_for_temporary_files_is_told(self):
        self.environment["TMPDIR"] = "/no/such/place"
        done = self.stat("--", "true", status=125)
        self.assertEqual(
            done.stderr,
            b"ffitap: cannot make a temporary directory in /no/such/place: No such file or directory;"
            b" set TMPDIR to another place\n",
        )


class Json(Case):
    def test_it_is_the_report(self):
        target = self.folder / "report.json"
        done = self.stat("-o", self.data, "--json", target, "--", PYTHON, "-c",
                         ABS + "function(-1)\nprint('mine')")
        self.assertEqual(done.stdout, b"mine\n")
        document = json.loads(target.read_text())
        jsonschema.validate(document, SCHEMA)
        self.assertEqual(document, self.report())
        self.assertEqual(self.function(document, "abs")["calls"], 1)

    def test_it_needs_no_directory(self):
        target = self.folder / "report.json"
        self.stat("--json", target, "--", PYTHON, "-c", ABS + "function(-1)")
        self.assertEqual(self.function(json.loads(target.read_text()), "abs")["calls"], 1)
        self.assert_nothing_left()

    def test_it_tells_of_a_program_that_cannot_count(self):
        target = self.folder / "report.json"
        self.stat("--json", target, "--", harness.BUILD / "tests/apps/static_program")
        (unseen,) = json.loads(target.read_text())["losses"]["unseen_processes"]
        self.assertIn("statically linked", unseen["why"])

    def test_a_pipe_gets_it(self):
        read, write = os.pipe()
        self.stat("--json", f"/dev/fd/{write}", "--", "true", pass_fds=[write])
        os.close(write)
        with open(read) as stream:
            self.assertEqual(json.load(stream)["recording"]["command"], ["true"])


class Interval(Case):
    COUNT = ABS + "for line in sys.stdin:\n    function(-1)\n    print('called', flush=True)\n"

    def test_it_tells_what_was_counted_while_the_program_runs(self):
        running = subprocess.Popen(
            [harness.FFITAP, "stat", "--interval", "0.1", "--", PYTHON, "-c", self.COUNT],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for calls in 1, 2:
            running.stdin.write("x\n")
            running.stdin.flush()
            running.stdout.readline()
            while not re.match(rf" +{calls} .*  abs \(libc", running.stderr.readline()):
                self.assertIsNone(running.poll())
        rest = running.communicate()[1]
        self.assertEqual(running.returncode, 0)
        self.assertRegex(rest, r"(?m)^ +2 .*  abs \(libc")
        self.assert_nothing_left()

    def test_each_table_has_its_time(self):
        command = [harness.FFITAP, "stat", "--interval", "0.2", "--", "cat"]
        title = r"(?m)^ffitap: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, after ([\d.]+) s$"
        text = ""
        pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, env=self.environment, **pipes) as running:
            while len(re.findall(title, text)) < 3:
                text += running.stderr.readline()
                self.assertIsNone(running.poll(), text)
            running.stdin.close()
            text += running.stderr.read()
        times = [float(time) for time in re.findall(title, text)]
        self.assertGreaterEqual(times[0], 0.2)
        self.assertEqual(times, sorted(times))
        self.assertEqual(text.count("Command: cat\n"), len(times) + 1)


class Crash(Case):
    """The table and the report name the call that the process ended in."""

    def in_flight(self, script, number):
        script = "import ctypes, os, threading\nlibc = ctypes.CDLL('libc.so.6')\n" + script
        table = self.stat("-o", self.data, "--", PYTHON, "-c", script, status=128 + number)
        report = self.report()
        jsonschema.validate(report, SCHEMA)
        self.assertEqual(report["processes"][0]["exit"], {"signal": number})
        (call,) = report["in_flight"]
        self.assertEqual(call["pid"], report["processes"][0]["pid"])
        self.assertLess(call["since_ns"], report["recording"]["duration_ns"])
        self.assertRegex(
            table.stderr.decode(),
            rf"(?m)^In a foreign call when the recording ended\n +[\d.]+ [num]?s  pid {call['pid']}, "
            rf"thread {call['tid']}: {call['symbol']} \(libc.so.6\), ended by {number.name}$",
        )
        return call

    def test_by_a_segmentation_fault(self):
        call = self.in_flight("libc.strlen(None)", signal.SIGSEGV)
        self.assertEqual(call["symbol"], "strlen")

    def test_by_abort(self):
        self.assertEqual(self.in_flight("libc.abort()", signal.SIGABRT)["symbol"], "abort")

    def test_by_a_kill_while_it_hangs(self):
        call = self.in_flight(
            "import time\n"
            "ours, its = os.pipe()\n"
            "def kill():\n"
            "    os.read(ours, 1)  # of what has no room in the pipe\n"
            "    time.sleep(0.25)\n"
            "    os.kill(os.getpid(), 9)\n"
            "threading.Thread(target=kill).start()\n"
            "libc.write(its, bytes(4 << 20), ctypes.c_size_t(4 << 20))",
            signal.SIGKILL,
        )
        self.assertEqual(call["symbol"], "write")
        self.assertGreater(call["since_ns"], 200_000_000)

    def test_what_was_counted_before_is_there(self):
        self.in_flight("for _ in range(1000): libc.abs(-1)\nlibc.abort()", signal.SIGABRT)
        self.assertEqual(self.function(self.report(), "abs")["calls"], 1000)


class Options(Case):
    def test_wrong_ones_are_refused(self):
        for arguments, text in [
            (["--frob", "true"], "--frob: unknown option"),
            (["-o"], "-o: missing argument"),
            (["-o", "", "true"], "'': cannot name the output directory"),
            (["--interval", "soon", "true"], "--interval: 'soon' is no number of seconds"),
            (["--interval", "0", "true"], "--interval: '0' is no number of seconds"),
            (["--interval", "-1", "true"], "--interval: '-1' is no number of seconds"),
            (["--interval", "nan", "true"], "--interval: 'nan' is no number of seconds"),
            (["--interval", "", "true"], "--interval: '' is no number of seconds"),
            (["--json", "-", "true"], "--json: standard output is the program's; name a file"),
            (["--json", "", "true"], "--json: '': No such file or directory"),
            (["--json", "/", "true"], "--json: '/': Is a directory"),
            (["--json", "/no/where/x", "true"], "--json: '/no/where/x': No such file or directory"),
            ([], "no program given; see ffitap stat --help"),
            (["--"], "no program given; see ffitap stat --help"),
        ]:
            with self.subTest(arguments):
                done = self.stat(*arguments, status=125)
                self.assertTrue(done.stderr.decode().startswith(f"ffitap: {text}"), done.stderr)
        self.assert_nothing_left()

    def test_they_cannot_write_on_the_terminal(self):
        for argument, shown in [
            (b"--filter=[\x1b[2J", b"'[?[2J'"),
            (b"--interval=\xc2\x9b2J", b"'??2J'"),
            (b"--interval=a\nb\xff\xc3\xbc", b"'a?b?\xc3\xbc'"),
        ]:
            with self.subTest(argument):
                done = self.stat(os.fsdecode(argument), "true", status=125)
                self.assertIn(shown, done.stderr)
                self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_help_names_them(self):
        done = self.stat("--help")
        for option in b"-o, --output=DIR", b"--json=FILE", b"--interval=SECONDS":
            self.assertIn(option, done.stdout)

    def test_the_programs_are_its_own(self):
        done = self.stat("echo", "-o", "x", "--interval", "--")
        self.assertEqual(done.stdout, b"-o x --interval --\n")


if __name__ == "__main__":
    harness.main()
