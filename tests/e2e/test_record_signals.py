#!/usr/bin/python3
"""ffitap record: signals to the program, to ffitap and to both."""
import os
import pty
import signal
import subprocess
import time

import sandbox
from sandbox import PYTHON, remaining_children, wait_until

# The program says that it is ready, and then notes every signal that it gets, until SIGTERM. It
# takes the signals one by one, because a handler in Python would run once for two signals that come
# together.
NOTEBOOK = """
import signal, sys
wanted = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
open("ready", "w").close()
number = None
while number != signal.SIGTERM:
    number = signal.sigwait(wanted)
    with open("notes", "a") as file:
        print(signal.Signals(number).name, file=file)
sys.exit(42)
"""


class Signals(sandbox.TestCase):
    def start_notebook(self):
        recorder = self.start_recording(PYTHON, "-c", NOTEBOOK)
        wait_until(lambda: os.path.exists("ready"))
        return recorder

    def notes(self):
        try:
            with open("notes") as file:
                return file.read().split()
        except OSError:
            return []

    def assert_recorded(self):
        description = self.description()
        self.assertTrue(description["ended"])
        self.assertIn(description["pid"], self.traced_pids())
        self.assert_nothing_runs()

    def test_signals_to_ffitap_alone_reach_the_program(self):
        recorder = self.start_notebook()
        for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGTERM"):
            recorder.send_signal(signal.Signals[name])
            wait_until(lambda: name in self.notes())
        recorder.communicate()
        self.assertEqual(recorder.returncode, 42)
        self.assertEqual(self.notes(), ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGTERM"])
        self.assert_recorded()

    def test_an_interrupt_to_ffitap_alone_keeps_the_recording(self):
        recorder = self.start_recording("/bin/sh", "-c", "> ready; exec sleep 600")
        wait_until(lambda: os.path.exists("ready"))
        time.sleep(0.2)
        recorder.send_signal(signal.SIGINT)
        error = recorder.communicate()[1]
        self.assertEqual(recorder.returncode, 128 + signal.SIGINT)
        self.assertIn("in ffitap.data", error)
        self.assert_recorded()

    def test_an_interrupt_to_the_whole_group_keeps_the_recording(self):
        recorder = self.start_recording("/bin/sh", "-c", "> ready; exec sleep 600")
        wait_until(lambda: os.path.exists("ready"))
        time.sleep(0.2)
        os.killpg(recorder.pid, signal.SIGINT)
        recorder.communicate()
        self.assertEqual(recorder.returncode, 128 + signal.SIGINT)
        self.assert_recorded()

    def test_an_interrupt_from_the_terminal_comes_once(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(self.ffitap, [self.ffitap, "record", PYTHON, "-c", NOTEBOOK])
        wait_until(lambda: os.path.exists("ready"))
        os.write(terminal, b"\x03")
        wait_until(self.notes)
        time.sleep(0.3)
        self.assertEqual(self.notes(), ["SIGINT"])
        os.kill(pid, signal.SIGTERM)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 42)
        os.close(terminal)
        self.assert_recorded()

    def test_ctrl_z_stops_and_continues_everything(self):
        recorder = self.start_notebook()
        os.killpg(recorder.pid, signal.SIGTSTP)
        wait_until(lambda: os.waitid(os.P_PID, recorder.pid, os.WSTOPPED | os.WNOHANG))
        os.killpg(recorder.pid, signal.SIGCONT)
        recorder.send_signal(signal.SIGTERM)
        recorder.communicate()
        self.assertEqual(recorder.returncode, 42)
        self.assert_recorded()

    def test_the_recording_ends_with_the_program_and_not_its_children(self):
        result = self.record("/bin/sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!")
        self.assertEqual(result.returncode, 0)
        os.kill(int(result.stdout), signal.SIGKILL)
        self.assert_recorded()


class Death(sandbox.TestCase):
    def start(self, **options):
        recorder = self.start_recording("/bin/sh", "-c", "echo $LTTNG_HOME > home; > ready; "
                                        "exec sleep 600 > /dev/null 2>&1", **options)
        wait_until(lambda: os.path.exists("ready"))
        with open("home") as file:
            return recorder, file.read().strip()

    def assert_daemon_goes(self, home):
        """Only the program itself is left."""
        wait_until(lambda: all("sleep" in line for line in remaining_children()))
        wait_until(lambda: not os.path.exists(home))
        subprocess.run(["kill", str(self.description()["pid"])], check=True)

    def test_killing_ffitap_leaves_no_daemon_and_what_was_recorded(self):
        recorder, home = self.start()
        time.sleep(0.3)
        recorder.kill()
        recorder.communicate()
        self.assert_daemon_goes(home)
        self.assertFalse(self.description()["ended"])
        self.assertIn(self.description()["pid"], self.traced_pids())

    def test_killing_ffitap_while_it_starts_leaves_nothing(self):
        for delay in (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2):
            with self.subTest(delay):
                recorder = self.start_recording("-o", f"data-{delay}", "/bin/true")
                time.sleep(delay)
                recorder.kill()
                recorder.communicate()
                self.assert_nothing_runs()

    def test_a_dead_daemon_is_told(self):
        recorder, home = self.start()
        with open(os.path.join(home, ".lttng/lttng-sessiond.pid")) as file:
            daemon = int(file.read())
        os.kill(daemon, signal.SIGKILL)
        wait_until(lambda: not os.path.exists(f"/proc/{daemon}"))
        recorder.send_signal(signal.SIGTERM)
        error = recorder.communicate()[1]
        self.assertEqual(recorder.returncode, 128 + signal.SIGTERM)
        self.assertIn("ffitap: the session daemon ended early", error)
        report = self.run_ffitap("report")
        if report.returncode == 0:  # LTTng may not have written enough for one
            self.assertIn("the recorder could not write all of it", report.stdout)
        else:
            self.assertEqual(report.stderr.count("\n"), 1, report.stderr)
        self.assertFalse(os.path.exists(home))
        self.assert_nothing_runs()


if __name__ == "__main__":
    sandbox.main()
