#!/usr/bin/python3
"""ffitap doctor: the command itself, and each finding about the machine, which the tests
provoke."""
import grp
import json
import os
import pathlib
import re
import shutil
import subprocess

import jsonschema
import sandbox
from doctor import SCHEMA, TRUE, TestCase
from sandbox import PYTHON

MACHINE = ["clock", "memory", "directory", "shim", "provider", "lttng-sessiond", "lttng-ctl",
           "lttng-ust", "daemon", "group", "stat", "record"]


class Command(TestCase):
    def test_wrong_options_are_refused(self):
        result = self.run_ffitap("doctor", "--frob")
        self.assertEqual(result.returncode, 125)
        self.assert_says(result, "--frob: unknown option; see ffitap doctor --help")

    def test_a_dash_means_nothing_but_the_document(self):
        result = self.run_ffitap("doctor", "--json", "-", TRUE)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        document = json.loads(result.stdout)
        jsonschema.validate(document, SCHEMA)
        self.assertEqual(document["command"], [TRUE])

    def test_output_that_nobody_takes_is_told(self):
        with open("/dev/full", "w") as full:
            for options in [], ["--json", "-"]:
                result = subprocess.run([self.ffitap, "doctor", *options], stdout=full,
                                        stderr=subprocess.PIPE, text=True)
                self.assertEqual(result.returncode, 125)
                self.assert_says(result, "standard output: No space left on device$")
        for file, why in ("no/where", "No such file or directory"), ("", "No such file or directory"), \
                ("/", "Is a directory"):
            result = self.run_ffitap("doctor", "--json", file)
            self.assertEqual(result.returncode, 125)
            self.assert_says(result, f"--json: '{file}': {why}$")

    def test_the_program_is_not_run(self):
        self.write_program("script", "#!/bin/sh\ntouch it-was-run\n")
        self.compile("program", "#include <stdio.h>\nint main(void) { fopen(\"it-was-run\", \"w\"); }")
        pathlib.Path("script.py").write_text("open('it-was-run', 'w')\n")
        for command in ["./script"], ["./program"], [PYTHON, "-S", "script.py"]:
            self.doctor(*command)
            self.assertFalse(os.path.exists("it-was-run"), command)

    def test_names_cannot_write_on_the_terminal(self):
        self.write_program("a\n\033[2J", "")
        self.doctor("./a\n\033[2J")
        self.assertNotIn("\033", self.said)
        self.assertIn("./a??[2J", self.said)
        self.doctor(b"no-such-\xff", status=127)


class Machine(TestCase):
    def machine(self, status=0, **extra):
        return self.doctor(status=status, **extra)["machine"]

    def test_all_is_well_here(self):
        document = self.doctor()
        self.assertEqual([one["subject"] for one in document["machine"]], MACHINE)
        self.assertEqual({one["level"] for one in document["machine"]} - {"note"}, {"ok"})
        self.assertEqual((document["traceable"], document["command"]), ("full", None))
        self.assertTrue(self.said.endswith("\nPrograms can be traced here.\n"))
        self.assertEqual(os.listdir("."), [])
        self.assert_nothing_runs()

    def test_its_trials_leave_nothing(self):
        os.mkdir("tmp")
        self.machine(env={**os.environ, "TMPDIR": os.path.abspath("tmp")})
        self.assertEqual(os.listdir("tmp"), [])

    def test_a_missing_daemon_is_found(self):
        os.makedirs("path")
        found = self.machine(status=1, env={"PATH": os.path.abspath("path")})
        one = self.assert_found(found, "warning", "lttng-sessiond", "not found in PATH")
        self.assertIn("install lttng-tools", one["advice"])
        self.assert_found(found, "warning", "record", "lttng-sessiond: no such program")
        self.assert_found(found, "ok", "stat", "works")
        self.assertIn("but not in every way", self.said)

    def test_a_daemon_of_another_version_is_found(self):
        environment = self.path_with("lttng-sessiond", "#!/bin/sh\necho 2.999.9\n")
        found = self.machine(status=1, env=environment)
        one = self.assert_found(found, "warning", "lttng-sessiond", "version 2.999.9, does not go")
        self.assertEqual(one["files"], [os.path.abspath("path/lttng-sessiond")])

    def test_a_daemon_of_a_later_repair_is_as_good(self):
        version = subprocess.run(["lttng-sessiond", "--version"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
        series = version.rsplit(".", 1)[0]
        real = shutil.which("lttng-sessiond")
        environment = self.path_with("lttng-sessiond", f"""#!/bin/sh
[ "$1" = --version ] && exec echo {series}.999
exec {real} "$@"
""")
        self.assert_found(self.machine(env=environment), "ok", "lttng-sessiond", f"{series}.999")

    def test_a_daemon_that_does_not_work_is_found(self):
        environment = self.path_with("lttng-sessiond", "#!/bin/sh\nexit 1\n")
        found = self.machine(status=1, env=environment)
        self.assert_found(found, "warning", "lttng-sessiond", "does not tell its version")
        self.assert_found(found, "warning", "record", "lttng-sessiond: ended instead of starting")

    def test_a_daemon_with_another_library_is_found(self):
        os.mkdir("path")
        (common,) = pathlib.Path("/usr/lib/x86_64-linux-gnu").glob("liblttng-ust-common.so.1")
        shutil.copy(common, "path")
        here = os.path.abspath("path")
        self.compile("path/lttng-sessiond",
                     '#include <stdio.h>\nint main(void) { puts("2.13.9"); return 0; }',
                     "-Wl,--no-as-needed", f"-L{here}", "-l:liblttng-ust-common.so.1",
                     f"-Wl,-rpath,{here}")
        found = self.machine(status=1, env={**os.environ, "PATH": f"{here}:/usr/bin:/bin"})
        self.assert_found(found, "warning", "lttng-ust", f"lttng-sessiond loads {here}/")

    def test_a_control_library_that_cannot_be_loaded_is_found(self):
        os.mkdir("broken")
        pathlib.Path("broken/liblttng-ctl.so.0").touch()
        found = self.machine(status=1, env={**os.environ,
                                            "LD_LIBRARY_PATH": os.path.abspath("broken")})
        self.assert_found(found, "warning", "lttng-ctl", "file too short")

    @sandbox.needs_root
    def test_a_missing_helper_is_found(self):
        library = "/usr/lib/x86_64-linux-gnu/liblttng-ust-fd.so.1"
        subprocess.run(["mount", "--bind", "/dev/null", library], check=True)
        self.addCleanup(subprocess.run, ["umount", library], check=True)
        found = self.machine(status=1)
        self.assert_found(found, "warning", "lttng-ust", "liblttng-ust-fd.so.1: the dynamic")

    def test_a_missing_provider_is_found(self):
        os.unlink(os.path.join(self.lib, "libffitap-tracepoints.so"))
        found = self.machine(status=1)
        self.assert_found(found, "warning", "provider", "No such file or directory")
        self.assert_found(found, "ok", "stat", "works")
        self.assertNotIn("record", [one["subject"] for one in found])

    def test_a_missing_shim_is_found(self):
        os.unlink(os.path.join(self.lib, "libffitap-shim.so"))
        found = self.machine(status=2)
        self.assert_found(found, "problem", "shim", "No such file or directory")
        self.assertIn("No program can be traced here.", self.said)
        self.assert_found(self.doctor(TRUE, status=2)["machine"], "problem", "shim", "No such file")

    def test_what_the_shim_lacks_is_found(self):
        os.unlink(os.path.join(self.lib, "libffitap-tap.so.0"))
        found = self.machine(status=2)
        self.assert_found(found, "problem", "shim", "needs libffitap-tap.so.0")
        self.assert_found(found, "warning", "provider", "needs libffitap-tap.so.0")

    @sandbox.needs_root
    def test_each_library_that_ffitap_lacks_is_named_with_its_package(self):
        commands = os.path.join(self.lib, "libffitap-commands.so")
        dynamic = subprocess.run(["readelf", "--dynamic", commands], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic)) - {"libc.so.6"}
        self.assertIn("libbabeltrace2.so.0", needed)
        for name in sorted(needed):
            with self.subTest(name):
                owner = subprocess.run(["dpkg", "-S", f"*/{name}"], check=True, text=True,
                                       stdout=subprocess.PIPE).stdout
                package = owner.split(":")[0].removesuffix("t64")
                with sandbox.damaged(f"/usr/lib/x86_64-linux-gnu/{name}"):
                    result = self.run_ffitap("doctor")
                self.assertEqual((result.returncode, result.stdout), (125, ""))
                self.assertRegex(result.stderr, rf"^ffitap: \S*{name}: .*, {package} on Debian\n$")

    @sandbox.needs_root
    def test_a_library_of_another_version_is_told_from_a_missing_one(self):
        other = os.path.join(self.directory, "other.so")
        subprocess.run(["cc", "-shared", "-o", other, "-Wl,-soname,libpopt.so.0", "-x", "c",
                        "/dev/null"], check=True)
        with sandbox.damaged("/usr/lib/x86_64-linux-gnu/libpopt.so.0", other):
            result = self.run_ffitap("doctor")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assert_says(result, ".*popt.*; this ffitap was built for another system$")

    def test_missing_commands_are_told(self):
        os.unlink(os.path.join(self.lib, "libffitap-commands.so"))
        result = self.run_ffitap("doctor")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assert_says(result, ".*libffitap-commands.so: .*; is ffitap installed completely\\?$")

    def test_a_damaged_shim_is_found(self):
        shim = os.path.join(self.lib, "libffitap-shim.so")
        os.truncate(shim, 100)
        self.assert_found(self.machine(status=2), "problem", "shim", "cannot read file data")

    def test_a_shim_that_sees_nothing_is_found_by_trial(self):
        shim, stamp = os.path.join(self.lib, "libffitap-shim.so"), ".ffitap.layout"
        self.compile("empty.so", "int empty;", "-shared", "-fPIC")
        subprocess.run(["objcopy", "--dump-section", f"{stamp}=stamp", shim, "/dev/null"], check=True)
        subprocess.run(["objcopy", "--add-section", f"{stamp}=stamp", "empty.so", shim], check=True)
        found = self.machine(status=2)
        self.assert_found(found, "problem", "stat", "the program that it ran is not in the recording")

    def test_a_place_that_cannot_be_preloaded_from_is_found(self):
        tree = os.path.dirname(self.bin)
        os.rename(tree, f"{tree} here")
        self.ffitap = f"{tree} here/bin/ffitap"
        self.assert_found(self.machine(status=2), "problem", "shim", "with a space or a colon")

    @sandbox.needs_root
    def test_another_clock_is_found(self):
        source = "/sys/devices/system/clocksource/clocksource0/current_clocksource"
        pathlib.Path("source").write_text("hpet\n")
        subprocess.run(["mount", "--bind", "source", source], check=True)
        self.addCleanup(subprocess.run, ["umount", source], check=True)
        found = self.machine()
        one = self.assert_found(found, "note", "clock", "CLOCK_MONOTONIC, because the kernel's own")
        self.assertIn("clock source is hpet", one["what"])

    def test_the_environment_is_looked_at(self):
        for name, value, status, level, words in [
            ("FFITAP_FILTER", "!abs", 1, "warning", "leaves calls out: !abs"),
            ("FFITAP_FILTER", "a@b@c,[", 2, "problem", "is no filter"),
            ("LTTNG_UST_REGISTER_TIMEOUT", "0", 1, "warning", "do not wait"),
            ("LD_PRELOAD", "libz.so.1", 0, "note", "libz.so.1 is loaded into the program, too"),
        ]:
            with self.subTest(name=name, value=value):
                found = self.machine(status=status, env={**os.environ, name: value})
                self.assert_found(found, level, "environment", words)

    def test_limits_are_looked_at(self):
        for limit, words in ("-f 100000", "files end at"), ("-v 200000", "a process has 195.3 MiB"):
            with self.subTest(limit):
                prefix = ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh"]
                found = self.machine(status=1, prefix=prefix)
                self.assert_found(found, "warning", "limits", words)

    def test_too_few_descriptors_are_found_by_trial(self):
        found = self.machine(status=1, prefix=["sh", "-c", 'ulimit -n 20; exec "$@"', "sh"])
        self.assert_found(found, "warning", "record", "ended instead of starting")
        self.assert_nothing_runs()

    @sandbox.needs_root
    def test_too_little_memory_is_found(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "/dev/shm"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/dev/shm"], check=True)
        found = self.machine(status=1)
        self.assert_found(found, "warning", "memory", "/dev/shm, which has 0.1 MiB free")
        self.assert_found(found, "warning", "record", "/dev/shm")

    def test_a_place_without_room_for_temporary_files_is_found(self):
        found = self.machine(status=1, env={**os.environ, "TMPDIR": "/no/such/place"})
        self.assert_found(found, "warning", "stat", "no place for temporary files: No such file")
        self.assertEqual(self.complaints, "")

    @sandbox.needs_root
    def test_others_than_root_are_told_what_is_theirs(self):
        os.mkdir("closed", 0o755)
        os.chdir("closed")
        as_nobody = [*sandbox.AS_NOBODY[:-1]]
        member = [*as_nobody, f"--groups={grp.getgrnam('tracing').gr_gid}"]
        for prefix, level, words in (
            ([*as_nobody, "--clear-groups"], "note", "you are not in the group 'tracing'"),
            (member, "ok", "you are in the group 'tracing'"),
        ):
            result = self.run_ffitap("doctor", "--json", "-", prefix=prefix)
            self.assertEqual(result.returncode, 0, result.stdout)
            found = json.loads(result.stdout)["machine"]
            self.assert_found(found, level, "group", words)
            self.assert_found(found, "note", "directory", "Permission denied")
            self.assert_found(found, "ok", "record", "works")

    @sandbox.needs_root
    def test_root_that_may_not_mount_is_told(self):
        found = self.machine(prefix=sandbox.WITHOUT_MOUNT)
        self.assert_found(found, "note", "daemon", "recordings share the system's session daemon")
        self.assert_found(found, "ok", "record", "works")

    @sandbox.needs_root
    def test_a_daemon_that_runs_is_told(self):
        daemon = subprocess.Popen(["lttng-sessiond", "--no-kernel"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            pid_file = pathlib.Path("/run/lttng/lttng-sessiond.pid")
            sandbox.wait_until(lambda: pid_file.exists() and pid_file.read_text().strip())
            self.assert_found(self.machine(), "note", "daemon",
                              f"the system's session daemon runs as process {daemon.pid}")
        finally:
            sandbox.stop(daemon)


if __name__ == "__main__":
    sandbox.main()
