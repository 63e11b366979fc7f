"""A program that keeps statistics of its own calls: its folder is read without a recording."""

import json
import os
import subprocess

import harness
from harness import BUILD, FFITAP, run

APPS = BUILD / "tests" / "apps" / "core"
ALONE = "Statistics files without a recording: how their programs ended is not known\n"


class CoreStatistics(harness.Case):
    def setUp(self):
        super().setUp()
        self.data.mkdir()

    def start(self, *command, **variables):
        """Runs a program until it says a line; it goes on until its standard input ends."""
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "FFITAP_LTTNG": "0", **variables},
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), b"counting\n")
        return process

    def shown(self, *arguments):
        done = run(FFITAP, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def test_what_it_counted_is_reported_while_it_runs_and_after_it_ended(self):
        process = self.start(APPS / "self_counting", self.data)
        for is_running in True, False:
            report = self.report()
            self.assert_complete(report)
            self.assertEqual(self.function(report, "abs")["calls"], 7)
            self.assertEqual({one["pid"] for one in report["processes"]}, {process.pid})
            self.assertEqual(len(report["processes"]), 2)
            self.assertEqual(report["in_flight"], [])
            self.assertEqual(report["recording"]["command"], [])
            self.assertIn("2 processes, 7 foreign calls\n", self.shown("report", self.data))
            if is_running:
                process.stdin.close()
                process.wait()
        self.assertTrue(self.shown("report", self.data).startswith(ALONE))

    def test_it_can_be_watched(self):
        process = self.start(APPS / "self_counting", self.data)
        text = self.shown("top", "--once", self.data)
        self.assertIn(", running\n", text)
        self.assertIn(" 7 foreign calls\n", text)
        text = self.shown("top", "--once", process.pid)
        self.assertIn("1 process, 2 foreign calls\n", text, "of the file that it writes now")
        process.stdin.close()
        process.wait()
        self.assertIn("the program has ended", self.shown("top", "--once", self.data))

    def test_a_program_that_is_told_to_by_its_environment(self):
        done = run(APPS / "core_host",
                   env={**os.environ, "FFITAP_LTTNG": "0", "FFITAP_STAT_DIR": str(self.data)})
        self.assertEqual(done.returncode, 0, done.stderr)
        report = self.report()
        self.assert_complete(report)
        self.assertEqual(sum(one["calls"] for one in report["functions"]), 222)

    def test_what_is_kept_for_a_command_is_not_the_programs_to_start_again(self):
        done = run(FFITAP, "stat", "-o", self.data, "--", APPS / "self_counting", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"self_counting: in use already: statistics are kept already\n", done.stderr)
        self.assertEqual(self.function(self.report(), "abs")["calls"], 100)

    def test_a_folder_that_is_not_there_is_said(self):
        done = run(APPS / "self_counting", self.data / "none")
        self.assertEqual(
            done.stderr.decode(),
            "self_counting: input/output error: cannot make a statistics file: "
            f"No such file or directory: '{self.data}/none'\n",
        )

    def test_a_folder_without_files_is_refused(self):
        for command in ("report",), ("top", "--once"):
            (self.data / "4711.0.stat.txt").touch()
            done = run(FFITAP, *command, self.data)
            self.assertEqual(done.returncode, 125)
            self.assertIn(b"not a recording: it holds no file 'recording'", done.stderr)

    def test_a_file_that_is_damaged_is_said(self):
        (self.data / "4711.0.stat").write_bytes(b"nothing of ours" * 1000)
        report = self.report()
        self.assertEqual(report["losses"]["damaged"],
                         ["statistics file 4711.0.stat: is no statistics file"])


if __name__ == "__main__":
    harness.main()
