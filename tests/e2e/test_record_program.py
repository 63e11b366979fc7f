#!/usr/bin/python3
"""ffitap record: the program runs as it would without."""
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess

import sandbox
from sandbox import PYTHON

# What a program can see of how it was started, except for what ffitap says that it changes.
SELF_PORTRAIT = """
import json, os, resource, signal
def status(key):
    with open("/proc/self/status") as file:
        return [line.split()[1] for line in file if line.startswith(key + ":")][0]
def namespace(name):
    return os.readlink("/proc/self/ns/" + name)
print(json.dumps({
    "cwd": os.getcwd(),
    "umask": status("Umask"),
    "blocked": status("SigBlk"),
    "ignored": status("SigIgn"),
    "limits": [resource.getrlimit(number) for number in range(16)],
    "mounts": namespace("mnt"),
    "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "session": os.getsid(0),
    "nice": os.nice(0),
    "affinity": sorted(os.sched_getaffinity(0)),
    "descriptors": sorted(name for name in os.listdir("/proc/self/fd")
                          if os.path.exists("/proc/self/fd/" + name)
                          and not os.readlink("/proc/self/fd/" + name).startswith(
                              ("socket:", "/dev/shm/lttng-ust-wait", "/proc/"))
                          and "shm" not in os.readlink("/proc/self/fd/" + name)
                          and "pipe" not in os.readlink("/proc/self/fd/" + name)),
    "stdio": [os.readlink(f"/proc/self/fd/{number}").split(":")[0] for number in range(3)],
    "environment": {key: value for key, value in os.environ.items()
                    if key not in ("FFITAP_LTTNG", "FFITAP_RECORDING", "FFITAP_STAT_DIR",
                                   "LD_PRELOAD", "LTTNG_HOME",
                                   "LTTNG_UST_REGISTER_TIMEOUT")},
}))
"""


# The program stops the consumer daemon of its recording while it makes calls, and calls new
# functions after that.
FLOOD = """
import ctypes, os, signal, time
def cmdline(pid):
    with open(f"/proc/{pid}/cmdline") as file:
        return file.read()
def parent(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[1]
consumers = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        if (cmdline(pid).startswith("lttng-consumerd") and
                os.environ["LTTNG_HOME"] in cmdline(parent(pid))):
            consumers.append(int(pid))
    except OSError:
        pass
assert consumers
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # a buffer per CPU: one shall be full
libc = ctypes.CDLL(None)
call = libc.getpid
for pid in consumers:
    os.kill(pid, signal.SIGSTOP)
for i in range(50000):
    call()
libc.getppid(), libc.getuid(), libc.geteuid(), libc.getgid()  # one might fit into the last gap
for pid in consumers:
    os.kill(pid, signal.SIGCONT)
"""


# The program closes descriptors that it did not open, as daemons do, and uses their numbers for
# files of its own.
CLOSE_ALL = """
import ctypes, os
for number in range(3, 300):
    try:
        os.close(number)
    except OSError:
        pass
files = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
ctypes.CDLL(None).getpid()
"""


class ExitStatus(sandbox.TestCase):
    def test_the_exit_status_is_the_programs(self):
        for code in (0, 1, 77, 125, 255):
            with self.subTest(code):
                self.assertEqual(self.record("/bin/sh", "-c", f"exit {code}").returncode, code)

    def test_a_death_by_signal_is_told_as_the_shell_does(self):
        for number in (signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM):
            with self.subTest(number):
                result = self.record(PYTHON, "-c", f"import os; os.kill(os.getpid(), {number:d})")
                self.assertEqual(result.returncode, 128 + number)
                description = self.description()
                self.assertEqual((description["signaled"], description["code"]), (True, number))


class Streams(sandbox.TestCase):
    def test_stdin_and_stdout_pass_byte_for_byte(self):
        data = os.urandom(3_000_000)
        result = self.record("/bin/cat", text=False, stdin=None, input=data)
        self.assertEqual(hashlib.sha256(result.stdout).digest(), hashlib.sha256(data).digest())

    def test_stderr_is_the_programs_and_a_summary(self):
        result = self.record("/bin/sh", "-c", "echo to stderr >&2")
        first, second = result.stderr.splitlines()
        self.assertEqual(first, "to stderr")
        self.assertRegex(second, r"^ffitap: (more than )?\d+ events, 0 discarded, [\d.]+ KiB in ffitap.data "
                                 r"\(run 'ffitap report' to read it\)$")

    def test_a_closed_stdout_stays_closed(self):
        result = self.record("/bin/sh", "-c", "[ ! -e /proc/self/fd/1 ] && exit 9",
                             prefix=["sh", "-c", 'exec "$@" >&-', "sh"])
        self.assertEqual(result.returncode, 9, result.stderr)


class Surroundings(sandbox.TestCase):
    def portray(self, *prefix, record, **options):
        command = [*prefix, *([self.ffitap, "record"] if record else []), PYTHON, "-c",
                   SELF_PORTRAIT]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, text=True, check=True, **options)
        return json.loads(result.stdout)

    def compare(self, *prefix, **options):
        self.maxDiff = None
        self.assertEqual(self.portray(*prefix, record=True, **options),
                         self.portray(*prefix, record=False, **options))

    def test_they_are_as_without_ffitap(self):
        self.compare()

    def test_what_the_caller_set_is_kept(self):
        self.compare("sh", "-c", 'umask 027; ulimit -c 0; ulimit -n 512; trap "" HUP; exec "$@"',
                     "sh")

    def test_ignored_and_blocked_signals_are_kept(self):
        self.compare(PYTHON, "-c", """
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
os.execvp(sys.argv[1], sys.argv[1:])
""")

    def test_open_descriptors_are_handed_on(self):
        self.compare("sh", "-c", 'exec 7</etc/passwd; exec "$@"', "sh")

    def test_a_program_may_close_every_descriptor(self):
        result = self.record(PYTHON, "-c", CLOSE_ALL + "list(map(os.close, files))")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_a_daemon_keeps_its_files_beyond_the_recording(self):
        program = CLOSE_ALL + """
import time
if os.fork():
    os._exit(0)
os.dup2(files[0], 1)
os.dup2(files[0], 2)
while not os.path.exists("go"):
    time.sleep(0.01)
time.sleep(0.5)  # LTTng's threads have noticed by then that the session daemon is gone
list(map(os.fstat, files))
open("done", "w").close()
"""
        self.assertEqual(self.record(PYTHON, "-c", program).returncode, 0)
        open("go", "w").close()
        sandbox.wait_until(lambda: os.path.exists("done"))

    def test_a_closed_stderr_harms_nobody(self):
        result = self.record("/bin/sh", "-c", "[ ! -e /proc/self/fd/2 ] && exit 9",
                             prefix=["sh", "-c", 'exec "$@" <&- 2>&-', "sh"])
        self.assertEqual((result.returncode, result.stderr), (9, ""))
        self.assertTrue(self.description()["ended"])

    def test_a_present_preload_stays_first(self):
        result = self.record("/bin/sh", "-c", "echo $LD_PRELOAD",
                             env={**os.environ, "LD_PRELOAD": "libm.so.6"})
        names = [os.path.basename(name) for name in result.stdout.strip().split(":")]
        self.assertEqual(names, ["libm.so.6", "libffitap-shim.so", "libffitap-tracepoints.so",
                                 "liblttng-ust-fork.so.1", "liblttng-ust-fd.so.1"])

    def test_the_provider_is_there_before_the_shim(self):
        result = self.record("/bin/true", env={**os.environ, "LD_DEBUG": "files"})
        pid = self.description()["pid"]
        order = [line.rsplit("/", 1)[1] for line in result.stderr.splitlines()
                 if f"{pid}:" in line and "calling init: " in line and "libffitap-" in line]
        self.assertEqual(order[-2:], ["libffitap-tracepoints.so", "libffitap-shim.so"])

    def test_the_token_is_the_recordings(self):
        result = self.record("/bin/sh", "-c", "echo $FFITAP_RECORDING")
        self.assertEqual(result.stdout.strip(), self.description()["token"])

    def test_a_users_register_timeout_is_kept(self):
        result = self.record("/bin/sh", "-c", "echo $LTTNG_UST_REGISTER_TIMEOUT",
                             env={**os.environ, "LTTNG_UST_REGISTER_TIMEOUT": "1234"})
        self.assertEqual(result.stdout, "1234\n")


class Recording(sandbox.TestCase):
    def test_children_are_recorded_too(self):
        result = self.record(PYTHON, "-c", """
import os, subprocess
forked = os.fork() or os._exit(0)
started = subprocess.Popen(["/bin/true"])
started.wait()
os.wait()
print(os.getpid(), started.pid)
""")
        self.assertLessEqual({int(word) for word in result.stdout.split()}, self.traced_pids())

    def test_a_program_without_events_is_explained(self):
        with open("static.c", "w") as file:
            file.write("int main(void) { return 3; }\n")
        subprocess.run(["cc", "-static", "-o", "static", "static.c"], check=True)
        result = self.record("./static")
        self.assertEqual(result.returncode, 3)
        self.assert_says(result, "./static: no event came from it: it ran .*/static, which is "
                                 "statically linked")
        self.assert_says(result, "0 events, 0 discarded")

    def record_unheard(self, events):
        """What `record` and `report` say of a program of which LTTng hears nothing."""
        environment = {**os.environ, "NO_SOCKETS": "python3",
                       "LD_PRELOAD": os.path.join(os.environ["FFITAP_BUILD"],
                                                  "tests/apps/no_sockets.so")}
        result = self.record("--events", events, PYTHON, "-c",
                             "import ctypes; ctypes.CDLL(None).abs(1)", env=environment)
        self.assertEqual(result.returncode, 0)
        self.assert_says(result, "0 events, 0 discarded")
        return result, self.run_ffitap("report").stdout

    def test_a_program_that_was_seen_is_not_blamed_for_an_empty_trace(self):
        result, report = self.record_unheard("calls")
        self.assert_says(result, f"{PYTHON}: 1 process was seen and counted, but LTTng delivered "
                                 "none of the events; the report comes from the counts$")
        self.assertNotIn("no event came from it", result.stderr)
        self.assertIn("1 foreign call\n\nNote: the trace holds no events, though what ran was seen",
                      report)
        self.assertNotIn("LOSSES", report)
        self.assertRegex(report, r"(?m)^ +1 .* abs \(libc\.so\.6\)  ctypes$")

    def test_nor_one_of_which_nothing_tells_whether_it_was_seen(self):
        result, report = self.record_unheard("loads")
        self.assert_says(result, f"{PYTHON}: no event came from it: it loaded none of ffitap's "
                                 "libraries, or LTTng delivered none of its events; see ")
        self.assertIn("LOSSES", report)
        self.assertRegex(report, r"was not seen: .*, or LTTng delivered none of its events\n")

    def test_the_traces_format_is_the_one_that_every_babeltrace_reads(self):
        self.assertEqual(self.record("/bin/true").returncode, 0)
        (metadata,) = pathlib.Path("ffitap.data/trace").glob("**/metadata")
        self.assertIn(b"/* CTF 1.8 */", metadata.read_bytes())

    def test_a_directory_may_be_named_anything(self):
        result = self.record("-o", r"a[b]*?\\c{d}", "/bin/true")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_says(result, r"\d+ events, 0 discarded")

    def test_detail_records_more_than_calls_and_loads_less(self):
        program = "import ctypes; f = ctypes.CDLL(None).getpid; [f() for i in range(1000)]"
        sizes = []
        for events in ("loads", "calls", "detail"):
            self.assertEqual(self.record("--events", events, "-o", events, PYTHON, "-c",
                                         program).returncode, 0)
            text = subprocess.run(["babeltrace2", events + "/trace"], stdout=subprocess.PIPE,
                                  text=True, check=True).stdout
            sizes.append(text.count("\n"))
        self.assertGreaterEqual(sizes[1], sizes[0] + 1000)
        self.assertGreaterEqual(sizes[2], sizes[1] + 2000)

    def test_the_number_of_events_is_true(self):
        result = self.record(PYTHON, "-c", "import ctypes; f = ctypes.CDLL(None).getpid; f()")
        text = subprocess.run(["babeltrace2", "ffitap.data/trace"], stdout=subprocess.PIPE,
                              text=True, check=True).stdout
        # ffitap counts the events for some seconds only.
        (more, said), = re.findall(r"(?m)^ffitap: (more than )?(\d+) events, ", result.stderr)
        if more:
            self.assertLess(int(said), text.count("\n"))
        else:
            self.assertEqual(int(said), text.count("\n"))

    def test_a_flood_discards_calls_and_no_definition(self):
        result = self.record("--buffer-size", "128K", PYTHON, "-c", FLOOD)
        self.assertEqual(result.returncode, 0, result.stderr)
        text = subprocess.run(["babeltrace2", "ffitap.data/trace"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=True).stdout
        for name in ("getppid", "getuid", "geteuid", "getgid"):
            self.assertRegex(text, f'ffitap:function: .* symbol = "{name}"')
        self.assertGreater(self.description()["discarded_events"], 10000)
        self.assert_says(result, ".*[1-9][0-9]* discarded, ")
        self.assert_says(result, "events came faster than they could be written")


if __name__ == "__main__":
    sandbox.main()
