"""What the tests of `ffitap record` itself share.

As root the tests run in a mount namespace with an empty /dev/shm and an empty /run/lttng, so that
they neither meet nor disturb the machine's own session daemon. The test process adopts orphans:
whatever ffitap leaves running turns up as a child of ours.
"""
import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PYTHON = "/usr/bin/python3"
NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
WITHOUT_MOUNT = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
IS_ROOT = os.geteuid() == 0
SANDBOX = "FFITAP_TEST_SANDBOX"
PR_SET_CHILD_SUBREAPER = 36

needs_root = unittest.skipUnless(IS_ROOT, "only root can become another user and mount")


def enter_sandbox():
    if not IS_ROOT or SANDBOX in os.environ:
        return
    mounts = "mkdir -p /run/lttng && mount -t tmpfs tmpfs /run/lttng && mount -t tmpfs tmpfs /dev/shm"
    inside = f'{mounts} && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", inside, "sh"]
    if subprocess.run(command + ["true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.environ[SANDBOX] = "1"
        os.execvp("unshare", command + [sys.executable] + sys.argv)


def main():
    """Runs the tests of the calling script."""
    enter_sandbox()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    unittest.main(verbosity=2)


def wait_until(condition, seconds=120):
    """Waits for `condition` to return something true, and returns it."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)
    return value


@contextlib.contextmanager
def damaged(path, by="/dev/null"):
    """Makes the file empty, or a copy of another one, for everybody in this mount namespace."""
    subprocess.run(["mount", "--bind", by, path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def remaining_children():
    """The command lines of our children, after those that have ended are reaped."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return []
    children = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/cmdline") as cmdline:
                if int(stat.read().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    children.append(cmdline.read().replace("\0", " "))
        except OSError:
            pass
    return children


class TestCase(unittest.TestCase):
    """Each test has a directory of its own, which everybody may read. It is the working
    directory."""

    bindir = os.path.join(os.path.abspath(os.environ["FFITAP_BUILD"]), "bin")
    libdir = os.path.abspath(os.environ["FFITAP_LIBDIR"])

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="e2e-", dir="/tmp")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.addCleanup(os.chdir, "/")
        # ffitap is put where another user can read it, laid out as it will be installed.
        relative = os.path.relpath(self.libdir, self.bindir)
        self.bin = os.path.join(self.directory, "tree/bin")
        lib = os.path.normpath(os.path.join(self.bin, relative))
        os.makedirs(self.bin)
        shutil.copy(os.path.join(self.bindir, "ffitap"), self.bin)
        shutil.copytree(self.libdir, lib, symlinks=True)
        self.ffitap = os.path.join(self.bin, "ffitap")
        self.lib = os.path.join(lib, "ffitap")
        self.open_work("work")

    def tearDown(self):
        try:
            wait_until(lambda: not remaining_children())
        finally:
            subprocess.run(["pkill", "-KILL", "-P", str(os.getpid())], check=False)
        if SANDBOX in os.environ:
            left = [name for name in os.listdir("/dev/shm") if not name.startswith("lttng-ust-wait")]
            self.assertEqual(left, [])

    def open_work(self, name):
        """Makes a directory that anybody may write to, and goes there."""
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o777)
        os.chdir(path)

    def run_ffitap(self, *arguments, prefix=(), **options):
        """Runs ffitap with text streams captured."""
        options.setdefault("timeout", 120)
        options.setdefault("text", True)
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([*prefix, self.ffitap, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **options)

    def record(self, *arguments, **options):
        return self.run_ffitap("record", *arguments, **options)

    def start_recording(self, *arguments, prefix=(), **options):
        """Starts ffitap record in a process group of its own."""
        return subprocess.Popen([*prefix, self.ffitap, "record", *arguments], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                process_group=0, **options)

    def description(self, directory="ffitap.data"):
        with open(os.path.join(directory, "recording")) as file:
            return json.load(file)

    def traced_pids(self, directory="ffitap.data"):
        """The processes that introduced themselves in a trace."""
        text = subprocess.run(["babeltrace2", os.path.join(directory, "trace")], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return {int(pid) for pid in re.findall(r"ffitap:process:.*? pid = (\d+),", text)}

    def assert_says(self, result, pattern):
        self.assertRegex(result.stderr, f"(?m)^ffitap: {pattern}")

    def assert_nothing_here(self):
        self.assertEqual(os.listdir("."), [])

    def assert_nothing_runs(self):
        wait_until(lambda: not remaining_children())


def stop(process, number=signal.SIGTERM):
    """Ends a helper process of a test."""
    process.send_signal(number)
    process.wait()
