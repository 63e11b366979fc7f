"""Programs and places that leave little room. The program runs as ever, and messages say what
cannot be seen or kept."""

import os
import shutil

import harness
import modes
import sandbox

APPS = harness.BUILD / "tests" / "apps"
CALLS = "import ctypes\nf = ctypes.CDLL('libc.so.6').labs\nfor _ in range(100000): f(-1)\nprint('end')"


class Environments(modes.Case):
    @sandbox.needs_root
    def test_a_set_user_id_program_is_not_seen_and_named(self):
        program, ffitap = self.make_set_user_id()
        for mode in "stat", "record":
            with self.subTest(mode):
                self.data = self.folder / mode
                done = harness.run(
                    *sandbox.AS_NOBODY, ffitap, mode, "-o", self.data, "--",
                    program, "-u", cwd=self.folder,
                )
                self.assertEqual((done.returncode, done.stdout), (0, b"0\n"), done.stderr.decode())
                losses = self.report()["losses"]
                self.assertTrue(losses["lower_bound"])
                (unseen,) = losses["unseen_processes"]
                self.assertEqual(unseen["why"], f"it ran {program}, which is set-user-ID")

    def test_with_few_descriptors(self):
        """The program has as few descriptors as it needs itself under stat; LTTng needs about 16
        more."""
        limited = (
            "import os, resource, sys\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))\n"
            "os.execv(sys.argv[2], sys.argv[2:])"
        )
        second = self.folder / "second.so"
        shutil.copy(APPS / "thousand_functions.so", second)
        program = APPS / "filtered", "allow", APPS / "thousand_functions.so", second, ""
        for mode, limit in ("untraced", 4), ("stat", 4), ("record", 20):
            with self.subTest(mode):
                done = self.run_in(
                    mode, harness.PYTHON, "-c", limited, str(limit), *program, timeout=60
                )
                self.assertEqual(done.returncode, 0, (done.stdout, done.stderr.decode()))
                self.assertTrue(done.stdout.endswith(b"forked\n"))
                if mode != "untraced":
                    report = self.report()
                    self.assert_complete(report)
                    self.assertEqual(sum(one["calls"] for one in report["functions"]), 403)

    def test_an_object_that_cannot_be_hooked(self):
        """What goes through the program's objects is missing then. Nothing goes through LTTng's."""
        program = APPS / "closures_now"
        plain = self.run_in("untraced", program)
        for refused, is_missed in ("closures_now", True), ("liblttng-ust.so", False):
            with self.subTest(refused):
                shutil.rmtree(self.folder / "record", ignore_errors=True)
                environment = {"LD_PRELOAD": str(APPS / "refused_writing.so"), "REFUSED": refused}
                done = self.run_in("record", program, env=environment)
                self.assertEqual((done.returncode, done.stdout), (plain.returncode, plain.stdout))
                losses = self.report()["losses"]
                self.assertEqual(losses["dropped_records"]["object"] > 0, is_missed, losses)
                self.assertEqual(losses["lower_bound"], is_missed, losses)

    # The arguments: a folder to mount on, options of the mount, ffitap's command line.
    ON_A_MOUNT = 'mount -t tmpfs -o "$2" tmpfs "$1" || exit 99; cd "$1"; shift 2; "$@"; s=$?; '
    REPORT = '"$ffitap" report --json data > "$report"; exit $s'

    def run_on_a_mount(self, options, *arguments):
        disk, self.written = self.folder / "disk", self.folder / "report"
        disk.mkdir(exist_ok=True)
        environment = dict(os.environ, ffitap=str(harness.FFITAP), report=str(self.written))
        return harness.run(
            "unshare", "--mount", "--propagation", "slave", "sh", "-c",
            self.ON_A_MOUNT + self.REPORT, "sh", disk, options, harness.FFITAP, *arguments,
            env=environment,
        )  # fmt: skip

    @sandbox.needs_root
    def test_a_recording_on_a_full_disk(self):
        for size in "300k", "2m":
            with self.subTest(size):
                done = self.run_on_a_mount(
                    f"size={size}", "record", "-o", "data", "--", harness.PYTHON, "-c", CALLS
                )
                self.assertEqual((done.returncode, done.stdout), (0, b"end\n"))
                self.assertIn(b"No space left on device; part of the recording is missing", done.stderr)
                self.assertIn('"lower_bound": true', self.written.read_text())

    @sandbox.needs_root
    def test_on_a_read_only_file_system(self):
        """A message says before the program runs that nothing can be kept there; without -o nothing
        is written there."""
        for mode in "stat", "record":
            done = self.run_on_a_mount("ro", mode, "-o", "data", "--", "echo", "ran")
            self.assertEqual((done.returncode, done.stdout), (125, b""))
            self.assertRegex(done.stderr, rb"^ffitap: .*: cannot create it: Read-only file system\n")
        done = self.run_on_a_mount("ro", "stat", "--", "echo", "ran")
        self.assertEqual((done.returncode, done.stdout), (0, b"ran\n"))


if __name__ == "__main__":
    harness.main()
