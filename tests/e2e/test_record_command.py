#!/usr/bin/python3
"""ffitap record: its options, where it finds the program, and the output directory."""
import json
import os
import socket
import subprocess

import sandbox


class Options(sandbox.TestCase):
    def test_wrong_options_are_refused(self):
        for arguments, pattern in [
            (["--frob", "true"], "--frob: unknown option"),
            (["--events", "all", "true"], "--events: 'all' is none of calls, detail and loads"),
            (["--buffer-size", "much", "true"], "--buffer-size: 'much' is no size"),
            (["--buffer-size", "0", "true"], "--buffer-size: '0' is no size"),
            (["-o"], "-o: missing argument"),
            (["-o", "", "true"], "'': cannot name the output directory"),
            ([], "no program given"),
            (["--"], "no program given"),
        ]:
            with self.subTest(arguments):
                result = self.record(*arguments)
                self.assertEqual(result.returncode, 125, result.stderr)
                self.assert_says(result, pattern)
                self.assert_nothing_here()

    def test_buffers_that_do_not_fit_are_refused(self):
        result = self.record("--buffer-size", "64G", "true")
        self.assertEqual(result.returncode, 125, result.stderr)
        self.assert_says(result, "--buffer-size: ")
        self.assert_nothing_here()

    def test_the_programs_options_are_its_own(self):
        result = self.record("/bin/echo", "-o", "x", "--help", "--", "--events")
        self.assertEqual(result.stdout, "-o x --help -- --events\n")
        self.assertEqual(self.description()["command"][1:3], ["-o", "x"])

    def test_a_double_dash_ends_the_options(self):
        result = self.record("--", "/bin/echo", "--", "x")
        self.assertEqual(result.stdout, "-- x\n")


class Program(sandbox.TestCase):
    def assert_refused(self, result, status, pattern):
        self.assertEqual(result.returncode, status, result.stderr)
        self.assert_says(result, pattern)
        self.assert_nothing_runs()

    def test_a_missing_program_is_127(self):
        self.assert_refused(self.record("no-such-program"), 127,
                            "no-such-program: No such file or directory")
        self.assert_refused(self.record("./no/such/program"), 127, "./no/such/program: No such")
        self.assert_nothing_here()

    def test_a_file_that_is_no_program_is_126(self):
        with open("text", "w"):
            pass
        self.assert_refused(self.record("./text"), 126, "./text: Permission denied")
        self.assert_refused(self.record("."), 126, r"\.: Permission denied")
        self.assertEqual(os.listdir("."), ["text"])

    def test_a_script_without_its_interpreter_is_127_and_undone(self):
        self.record("-o", "data", "true")
        with open("script", "w") as file:
            file.write("#!/no/such/interpreter\n")
        os.chmod("script", 0o755)
        before = self.description("data")
        self.assert_refused(self.record("-o", "data", "./script"), 127, "./script: No such file")
        self.assertEqual(sorted(os.listdir(".")), ["data", "script"])
        self.assertEqual(self.description("data"), before)

    def test_a_script_without_a_first_line_runs_in_the_shell(self):
        with open("script", "w") as file:
            file.write("exit 7\n")
        os.chmod("script", 0o755)
        self.assertEqual(self.record("./script").returncode, 7)

    def test_a_missing_shim_is_told(self):
        os.unlink(os.path.join(self.lib, "libffitap-shim.so"))
        result = self.record("true")
        self.assert_refused(result, 125, ".*/libffitap-shim.so: No such file or directory")
        self.assert_nothing_here()

    def test_a_missing_tap_is_told(self):
        os.unlink(os.path.join(self.lib, "libffitap-tap.so.0"))
        result = self.record("true")
        self.assert_refused(result, 125, ".*/libffitap-tap.so.0: No such file or directory")
        self.assert_nothing_here()

    def test_a_missing_daemon_is_told(self):
        os.makedirs("path")
        os.symlink("/bin/true", "path/true")
        result = self.record("true", env={"PATH": os.path.abspath("path")})
        self.assert_refused(result, 125, "lttng-sessiond: no such program; install lttng-tools")
        self.assertEqual(os.listdir("."), ["path"])

    def test_the_daemons_last_words_are_told(self):
        os.makedirs("path")
        with open("path/lttng-sessiond", "w") as file:
            file.write("#!/bin/sh\necho Error: I am not well >&2\nexit 1\n")
        os.chmod("path/lttng-sessiond", 0o755)
        result = self.record("true", env={"PATH": os.path.abspath("path") + ":/usr/bin:/bin"})
        self.assert_refused(result, 125, "lttng-sessiond: ended instead of starting")
        self.assert_says(result, "lttng-sessiond: Error: I am not well")


class Shortage(sandbox.TestCase):
    def test_too_few_descriptors_are_told(self):
        result = self.record("true", prefix=["sh", "-c", 'ulimit -n 20; exec "$@"', "sh"])
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, "lttng-sessiond: .*Too many open files")
        self.assert_nothing_here()
        self.assert_nothing_runs()

    @sandbox.needs_root
    def test_a_full_disk_is_told_and_the_programs_own_counts_are_kept(self):
        os.mkdir("disk")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", "disk"], check=True)
        self.addCleanup(subprocess.run, ["umount", os.path.abspath("disk")], check=True)
        result = self.record("-o", "disk/data", sandbox.PYTHON, "-c", """
import ctypes
function = ctypes.CDLL(None).getpid
for i in range(200000): function()
""")
        self.assertEqual(result.returncode, 0)
        self.assert_says(result, ".*/disk/data: No space left on device; part of the recording")
        self.assert_nothing_runs()
        report = json.loads(self.run_ffitap("report", "--json", "disk/data").stdout)
        self.assertTrue(report["losses"]["damaged"])
        self.assertEqual([(row["symbol"], row["calls"]) for row in report["functions"]],
                         [("getpid", 200000)])

    @sandbox.needs_root
    def test_a_small_dev_shm_is_lived_with(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "tmpfs", "/dev/shm"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/dev/shm"], check=True)
        self.assertEqual(self.record("true").returncode, 0)
        result = self.record("--buffer-size", "4M", "true")
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, "--buffer-size: .* /dev/shm has 4.0 MiB free")


class Output(sandbox.TestCase):
    def command_in(self, directory):
        return self.description(directory)["command"]

    def test_an_earlier_recording_is_kept_once(self):
        for number in "123":
            self.assertEqual(self.record("/bin/echo", number).returncode, 0)
        self.assertEqual(sorted(os.listdir(".")), ["ffitap.data", "ffitap.data.old"])
        self.assertEqual(self.command_in("ffitap.data"), ["/bin/echo", "3"])
        self.assertEqual(self.command_in("ffitap.data.old"), ["/bin/echo", "2"])

    def test_the_directory_can_be_named(self):
        result = self.record("-o", "there/", "true")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(os.listdir("."), ["there"])
        self.assertIn("run 'ffitap report there/'", result.stderr)

    def test_an_empty_directory_is_used(self):
        os.mkdir("there")
        inode = os.stat("there").st_ino
        self.assertEqual(self.record("-o", "there", "true").returncode, 0)
        self.assertEqual(os.listdir("."), ["there"])
        self.assertEqual(os.stat("there").st_ino, inode)

    def test_a_foreign_directory_is_not_touched(self):
        os.mkdir("there")
        with open("there/precious", "w"):
            pass
        for name in ["there", "there/precious"]:
            result = self.record("-o", name, "true")
            self.assertEqual(result.returncode, 125)
            self.assert_says(result, f".*/{name}: exists and is not a recording")
        self.assertEqual(os.listdir("."), ["there"])
        self.assertEqual(os.listdir("there"), ["precious"])

    def test_a_foreign_old_directory_is_not_touched(self):
        self.record("true")
        os.mkdir("ffitap.data.old")
        with open("ffitap.data.old/precious", "w"):
            pass
        result = self.record("true")
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, ".*/ffitap.data.old: exists and is not a recording")
        self.assertEqual(os.listdir("ffitap.data.old"), ["precious"])

    def test_a_refused_one_leaves_standard_input_alone(self):
        os.mkdir("there")
        with open("there/precious", "w"):
            pass
        ours, programs = socket.socketpair()
        with ours, programs:
            self.assertEqual(self.record("-o", "there", "true", stdin=programs).returncode, 125)
            programs.close()
            self.assertEqual(ours.recv(1), b"")

    @sandbox.needs_root
    def test_a_place_that_may_not_be_seen_is_told_so(self):
        os.mkdir("closed", 0o700)
        result = self.record("-o", "closed/data", "true", prefix=sandbox.AS_NOBODY)
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, "/.*/closed/data: cannot look at it: Permission denied; ")

    def test_what_is_wrong_is_told_of_the_longest_name(self):
        result = self.record("-o", "/".join(["x" * 200] * 30), "true")
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, "/.*: File name too long; choose another name with -o$")

    def test_a_directory_that_cannot_be_made_is_told(self):
        result = self.record("-o", "no/where", "true")
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, ".*/no/where: cannot create it: No such file or directory")
        self.assert_nothing_here()
        self.assert_nothing_runs()

    def test_the_description_tells_the_run(self):
        self.assertEqual(self.record("--events", "loads", "/bin/sh", "-c", "exit 5").returncode, 5)
        description = self.description()
        self.assertEqual(description["command"], ["/bin/sh", "-c", "exit 5"])
        self.assertEqual(description["events"], "loads")
        self.assertEqual(description["mode"], "record")
        self.assertTrue(description["ended"])
        self.assertEqual((description["signaled"], description["code"]), (False, 5))
        self.assertGreater(description["duration_ns"], 0)
        self.assertIn(description["pid"], self.traced_pids())

    def test_arguments_that_are_no_text_are_described_all_the_same(self):
        self.assertEqual(self.record("/bin/echo", b"\xff\xfe", errors="replace").returncode, 0)
        self.assertEqual(self.description()["command"][1], "\ufffd\ufffd")


if __name__ == "__main__":
    sandbox.main()
