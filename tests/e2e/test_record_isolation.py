#!/usr/bin/python3
"""ffitap record: one recording never meets another, nor a session daemon that is not its own."""
import os
import signal
import subprocess

import sandbox
from sandbox import (AS_NOBODY, IS_ROOT, PYTHON, WITHOUT_MOUNT, needs_root, remaining_children, stop,
                     wait_until)

# Lives while the file `go` is missing, so that several recordings overlap.
LINGER = """
import ctypes, os, sys, time
name = sys.argv[1]
open("ready-" + name, "w").close()
while not os.path.exists("go"):
    ctypes.CDLL(None).getpid()
    time.sleep(0.01)
"""


def ended_children():
    """The names of our children that have ended and were not waited for."""
    names = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                name, rest = stat.read().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        if rest.split()[:2] == ["Z", str(os.getpid())]:
            names.append(name)
    return names


class Isolation(sandbox.TestCase):
    prefix = ()
    recorders_share = False  # whether all use one daemon, and only the token tells them apart

    def record_here(self, *arguments, **options):
        return self.record(*arguments, prefix=self.prefix, **options)

    def check_recording(self, directory="ffitap.data"):
        """The recording holds the processes of its own program and no others. Returns the number of
        the program's process."""
        pid = self.description(directory)["pid"]
        if not self.recorders_share:
            self.assertEqual(self.traced_pids(directory), {pid})
        self.assertIn(pid, self.traced_pids(directory))
        return pid

    def test_it_records(self):
        result = self.record_here("/bin/sh", "-c", "echo $LTTNG_HOME; exit 3")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.check_recording()
        self.assertFalse(os.path.exists(result.stdout.strip()))
        self.assert_nothing_runs()

    def test_a_recording_inside_another_has_its_program_to_itself(self):
        result = self.record_here("-o", "outer", self.ffitap, "record", "-o", "inner", "/bin/sh",
                                  "-c", "echo $LD_PRELOAD; exit 3")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual(result.stdout.count("libffitap-shim.so"), 1)
        program = self.check_recording("inner")
        if not self.recorders_share:
            self.assertNotIn(program, self.traced_pids("outer"))

    def test_recordings_at_the_same_time_are_disjoint(self):
        names = ["one", "two", "three"]
        recorders = [self.start_recording("-o", name, PYTHON, "-c", LINGER, name,
                                          prefix=self.prefix) for name in names]
        wait_until(lambda: all(os.path.exists("ready-" + name) for name in names))
        open("go", "w").close()
        for recorder in recorders:
            error = recorder.communicate()[1]
            self.assertEqual(recorder.returncode, 0, error)
        self.assertEqual(len({self.check_recording(name) for name in names}), 3)
        tokens = {self.description(name)["token"] for name in names}
        self.assertEqual(len(tokens), 3)
        self.assert_nothing_runs()


class WithForeignDaemon:
    """The same while there is a daemon that programs of this user register with by default."""

    daemon_prefix = ()

    def setUp(self):
        super().setUp()
        self.home = os.path.join(self.directory, "foreign-home")
        os.mkdir(self.home)
        os.chmod(self.home, 0o777)
        self.environment = {**os.environ, "HOME": self.home}
        self.environment.pop("LTTNG_HOME", None)
        self.daemon = subprocess.Popen(
            [*self.daemon_prefix, "lttng-sessiond", "--no-kernel"], env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_until(lambda: self.lttng("list").returncode == 0)
        for command in (["create", "foreign", "--output", self.home + "/trace"],
                        ["enable-event", "-u", "-a"], ["start"]):
            self.assertEqual(self.lttng(*command).returncode, 0)
        os.environ["HOME"] = self.home

    def tearDown(self):
        stop(self.daemon)
        super().tearDown()

    def lttng(self, *command):
        return subprocess.run([*self.daemon_prefix, "lttng", *command], env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def assert_nothing_runs(self):
        """Without what belongs to the foreign daemon."""
        wait_until(lambda: self.daemon.poll() is None and
                   all("lttng-sessiond --no-kernel" in line and "--load" not in line
                       for line in remaining_children()))

    def test_its_sessions_are_left_alone(self):
        self.assertEqual(self.record_here("true").returncode, 0)
        self.assertIn("foreign", self.lttng("list").stdout)
        self.assertNotIn("ffitap", self.lttng("list").stdout)


class AsUser(Isolation):
    prefix = AS_NOBODY if IS_ROOT else ()


class AsUserWithDaemon(WithForeignDaemon, AsUser):
    daemon_prefix = AS_NOBODY if IS_ROOT else ()


@needs_root
class AsRootWithSystemDaemon(WithForeignDaemon, Isolation):
    pass


@needs_root
class AsUserWithSystemDaemon(WithForeignDaemon, AsUser):
    pass


@needs_root
class WithoutMount(Isolation):
    """Root as in most containers. The recording uses the system's daemon, which runs already or is
    started for the time."""

    prefix = WITHOUT_MOUNT
    recorders_share = True

    def test_the_end_of_the_daemon_is_seen_by_who_started_it(self):
        """If the keeper gave up waiting for the daemon, the ended daemon would be left to this
        process."""
        self.assertEqual(self.record_here("true").returncode, 0)
        self.assertNotIn("lttng-sessiond", ended_children())

    def test_a_recording_leaves_others_in_the_daemon_alone(self):
        first = self.start_recording("-o", "first", PYTHON, "-c", LINGER, "first",
                                     prefix=self.prefix)
        wait_until(lambda: os.path.exists("ready-first"))
        self.assertEqual(self.record_here("-o", "second", "true").returncode, 0)
        open("go", "w").close()
        error = first.communicate()[1]
        self.assertEqual(first.returncode, 0, error)
        self.assertNotIn("ended early", error)
        self.check_recording("first")
        self.check_recording("second")


@needs_root
class WithoutMountWithSystemDaemon(WithForeignDaemon, WithoutMount):
    def test_killing_ffitap_ends_its_session(self):
        recorder = self.start_recording("/bin/sh", "-c", "> ready; exec sleep 600 > /dev/null 2>&1",
                                        prefix=self.prefix)
        wait_until(lambda: os.path.exists("ready"))
        self.assertIn("ffitap", self.lttng("list").stdout)
        recorder.kill()
        recorder.communicate()
        wait_until(lambda: "ffitap" not in self.lttng("list").stdout)
        os.kill(self.description()["pid"], signal.SIGKILL)


@needs_root
class OfAnotherUser(sandbox.TestCase):
    def test_a_program_that_becomes_another_user_is_recorded(self):
        result = self.record(PYTHON, "-c", f"""
import os
os.setgid({sandbox.NOBODY})
os.setuid({sandbox.NOBODY})
os.execv("/bin/sh", ["sh", "-c", "echo $$; id -u; cat /dev/null"])
""")
        pid, user = result.stdout.split()
        self.assertEqual(user, str(sandbox.NOBODY))
        self.assertIn(int(pid), self.traced_pids())


if __name__ == "__main__":
    sandbox.main()
