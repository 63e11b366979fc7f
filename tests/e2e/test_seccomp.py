"""Programs that allow themselves few system calls. They run on with the calls that they need
themselves and those that the man pages name. If further calls are refused, nothing but records is
missing."""

import re
import shutil

import harness
import modes

NUMBERS = dict(
    re.findall(
        r"#define __NR_(\w+) (\d+)",
        (harness.run("cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"))
        .stdout.decode(),
    )
)

# The system calls that tests/apps/filtered.c makes if nothing watches it.
OWN = (
    "write exit_group openat read newfstatat fstat mmap close munmap mprotect clone3 clone exit futex "
    "madvise rseq rt_sigaction rt_sigprocmask set_robust_list wait4"
).split()
# Those in the list of ffitap-stat(1) that it does not make itself.
TAP = "gettid mremap munlock getpid getppid prlimit64 ftruncate".split()
# Those that LTTng makes in a forked child, as ffitap-record(1) lists them.
LTTNG = (
    "clock_nanosleep connect fcntl getcwd geteuid getgid getuid lseek membarrier prctl readlink recvmsg "
    "sendmsg setsockopt socket tgkill"
).split()

SAID = b"begin\ncalled\nloaded\nstarted a thread\nforked\n"
CALLS = 400 + 1 + 1  # and one in the child


class Seccomp(modes.Case):
    def setUp(self):
        super().setUp()
        apps = harness.BUILD / "tests" / "apps"
        self.program = apps / "filtered"
        self.first = apps / "thousand_functions.so"
        self.second = self.folder / "second.so"
        shutil.copy(self.first, self.second)

    def run_filtered(self, mode, others, allowed):
        numbers = ",".join(NUMBERS[name] for name in allowed)
        return self.run_in(
            mode, self.program, others, self.first, self.second, numbers, timeout=60
        )

    def counted(self, report):
        return sum(one["calls"] for one in report["functions"])

    def test_with_what_is_documented_nothing_is_missing(self):
        self.assertEqual(self.run_filtered("untraced", "kill", OWN).stdout, SAID)
        for mode, more in ("stat", TAP), ("record", TAP + LTTNG):
            with self.subTest(mode):
                done = self.run_filtered(mode, "kill", OWN + more)
                self.assertEqual((done.returncode, done.stdout), (0, SAID), done.stderr.decode())
                report = self.report()
                self.assert_complete(report)
                self.assertEqual(self.counted(report), CALLS + 1)
                self.assertEqual(len(report["processes"]), 2)

    def test_no_more_is_documented_than_is_needed(self):
        for name in TAP:
            with self.subTest(name):
                allowed = [other for other in OWN + TAP if other != name]
                self.assertNotEqual(self.run_filtered("stat", "kill", allowed).stdout, SAID)

    def test_the_man_pages_name_them(self):
        for page, names in ("stat", TAP + "mmap mprotect madvise".split()), ("record", LTTNG):
            text = (harness.SOURCE / "tools/ffitap/man" / f"ffitap-{page}.1").read_text()
            section = text[text.index(".Ss System calls") :]
            listed = set(re.findall(r"\w+", section[: section.index("\n.S", 1)]))
            self.assertEqual(set(names) - listed, set())

    def test_what_is_refused_is_missing_and_said(self):
        for refused in [], ["madvise"], ["mmap"], ["mprotect"]:
            with self.subTest(refused):
                # The program itself loads no second library without these.
                others = "refuse"
                allowed = [name for name in OWN if name not in refused]
                plain = self.run_filtered("untraced", others, allowed)
                done = self.run_filtered("stat", others, allowed)
                self.assertEqual(done.stdout, plain.stdout)
                self.assertEqual(done.returncode, plain.returncode)
                report = self.report()
                lost = report["losses"]["dropped_records"]["call"]
                made = CALLS if plain.stdout == SAID else 400
                self.assertEqual(self.counted(report) + lost, made, report["losses"])
                self.assertEqual(lost > 0, bool(refused))
                self.assertTrue(report["losses"]["lower_bound"])


if __name__ == "__main__":
    harness.main()
