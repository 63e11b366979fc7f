#!/usr/bin/python3
"""ffitap with a tap that was built in another way than its other parts."""
import json
import os
import shutil
import subprocess

import harness
import sandbox
from sandbox import PYTHON

TAPS = harness.BUILD / "tests/apps/taps"

LOOP = """
import ctypes, os, threading, time
libc = ctypes.CDLL("libc.so.6", use_errno=True)
print(sum(libc.abs(-number) for number in range(1000)))
"""


def stamp_of(path):
    """The stamp of the layout that the file was built with: see src/tap/layout.h."""
    done = subprocess.run(["objcopy", "-O", "binary", "--only-section=.ffitap.layout", path,
                           "/dev/stdout"], stdout=subprocess.PIPE, check=True)
    assert len(done.stdout) == 8, f"{path} has no stamp"
    return done.stdout


class TestCase(sandbox.TestCase):
    def use_tap(self, name):
        """From here on the parts of ffitap find another tap beside them."""
        tap = os.path.join(self.lib, "libffitap-tap.so.0")
        os.unlink(tap)
        shutil.copy(TAPS / name / "libffitap-tap.so.0", tap)

    def assert_stamps_differ(self, path):
        """Without a stamp of its own, the file would not be of another build. Perhaps the header
        that tests/apps/taps changes is no longer the one that is included."""
        stamps = [stamp_of(one) for one in (os.path.join(self.lib, "libffitap-tap.so.0"), path)]
        self.assertNotEqual(*stamps, f"{path} has this build's stamp")

    def report(self):
        result = self.run_ffitap("report", "--json", "data")
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)


class LinkedInReverse(TestCase):
    """The parts of the tap start in the order that is written down, whatever the order of the
    linker is."""

    def setUp(self):
        super().setUp()
        self.use_tap("reversed")

    def test_calls_are_counted(self):
        result = self.run_ffitap("stat", "-o", "data", "--", PYTHON, "-c", LOOP)
        self.assertEqual((result.returncode, result.stdout), (0, "499500\n"), result.stderr)
        counted = {one["symbol"]: one["calls"] for one in self.report()["functions"]}
        self.assertEqual(counted["abs"], 1000)

    def test_the_call_in_flight_of_a_crashed_process_has_lasted(self):
        crash = LOOP + "time.sleep(0.05)\nlibc.abort()\n"
        result = self.run_ffitap("stat", "-o", "data", "--", PYTHON, "-c", crash)
        self.assertEqual(result.returncode, 134, result.stderr)
        (call,) = self.report()["in_flight"]
        self.assertEqual(call["symbol"], "abort")
        self.assertGreater(call["since_ns"], 0)

    def test_a_forked_child_counts_for_itself(self):
        script = LOOP + "if os.fork() == 0:\n libc.labs(-7)\n os._exit(0)\nos.wait()\n"
        result = self.run_ffitap("stat", "-o", "data", "--", PYTHON, "-c", script)
        self.assertEqual(result.returncode, 0, result.stderr)
        report = self.report()
        self.assertEqual(len(report["processes"]), 2)
        self.assertEqual({one["symbol"]: one["calls"] for one in report["functions"]}["labs"], 1)


class OfAnotherBuild(TestCase):
    """A part that finds a tap whose records are laid out in another way keeps away from it, and
    programs run on."""

    build = "other_layout"
    is_told_of_losses = True

    def setUp(self):
        super().setUp()
        self.assert_stamps_differ(TAPS / self.build / "libffitap-tap.so.0")
        self.use_tap(self.build)

    def assert_runs_as_untraced(self, preload, script, expected):
        """With these libraries preloaded by hand. What `ffitap` itself says of the tap comes before
        it starts a program."""
        os.makedirs("data", exist_ok=True)
        environment = {**os.environ, "LD_PRELOAD": ":".join(preload),
                       "FFITAP_STAT_DIR": os.path.abspath("data")}
        done = subprocess.run([PYTHON, "-uc", script], env=environment, capture_output=True,
                              text=True, check=False, timeout=120)
        self.assertEqual((done.returncode, done.stdout, done.stderr), expected)
        report = self.report()
        self.assertEqual(len(report["processes"]), 1)
        self.assertEqual(report["functions"], [])
        self.assertEqual(report["losses"]["lower_bound"], self.is_told_of_losses, report["losses"])

    def test_a_program_runs_as_untraced(self):
        script = LOOP + "threading.Thread(target=libc.abs, args=(-1,)).start()\n"
        script += "if os.fork() == 0:\n libc.labs(-7)\n os._exit(0)\nos.wait()\n"
        script += "ctypes.CDLL('libm.so.6')\nos._exit(7)\n"
        self.assert_runs_as_untraced([os.path.join(self.lib, "libffitap-shim.so")], script,
                                     (7, "499500\n", ""))

    def test_so_it_does_with_the_provider(self):
        libraries = [os.path.join(self.lib, f"libffitap-{one}.so") for one in ("shim", "tracepoints")]
        self.assert_runs_as_untraced(libraries, LOOP + "os._exit(7)\n", (7, "499500\n", ""))

    def test_the_doctor_says_so(self):
        result = self.run_ffitap("doctor")
        self.assertEqual(result.returncode, 2, result.stdout)
        for level, library in ("problem", "shim"), ("warning", "tracepoints"):
            self.assertRegex(
                result.stdout,
                rf"(?m)^ *{level} .*/libffitap-{library}.so is of another build than "
                r".*/libffitap-tap.so.0, and records nothing with it")


    def test_it_is_refused_before_a_program_starts(self):
        """LTTng is preloaded into programs under `ffitap`, and the shim has to protect them from
        it."""
        tree = os.path.dirname(self.bin)
        shutil.copytree(harness.BUILD / "libexec", os.path.join(tree, "libexec"))
        shim, tap = (os.path.join(self.lib, f"libffitap-{one}") for one in ("shim.so", "tap.so.0"))
        said = f"ffitap: {shim} is of another build than {tap}: install ffitap anew\n"
        for command in ["stat", "--", "echo", "ran"], ["record", "--", "echo", "ran"], ["bench"]:
            result = self.run_ffitap(*command)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (125, "", said))
            self.assert_nothing_here()

    def test_a_provider_alone_is_refused_where_it_is_needed(self):
        """Here the provider has no stamp, as one from before there were stamps."""
        self.use_tap("reversed")
        provider = os.path.join(self.lib, "libffitap-tracepoints.so")
        tap = os.path.join(self.lib, "libffitap-tap.so.0")
        subprocess.run(["objcopy", "--remove-section", ".ffitap.layout", provider], check=True)
        result = self.record("--", "echo", "ran")
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assert_says(result, f"{provider} is of another build than {tap}: install ffitap anew$")
        self.assertEqual(self.run_ffitap("stat", "--", "echo", "ran").returncode, 0)


class WithOtherNames(OfAnotherBuild):
    """The same with a tap that lacks functions and variables. One of them counts losses."""

    build = "other_names"
    is_told_of_losses = False

    def test_it_lacks_what_each_part_wants(self):
        def names(path, *options):
            done = subprocess.run(["nm", "-D", *options, path], stdout=subprocess.PIPE, text=True,
                                  check=True)
            return {line.split()[-1] for line in done.stdout.splitlines() if "ffitap__" in line}

        there = names(os.path.join(self.lib, "libffitap-tap.so.0"), "--defined-only")
        for part in "ffitap/libffitap-shim.so", "ffitap/libffitap-tracepoints.so", "libffitap.so.0":
            wanted = names(os.path.join(self.libdir, part), "--undefined-only")
            self.assertTrue(wanted - there, part)


class FoundElsewhere(TestCase):
    """The user's environment leads the dynamic linker to the tap of another build."""

    def test_a_recorded_program_runs_as_untraced(self):
        for build in "other_layout", "other_names":
            with self.subTest(build=build):
                self.assert_stamps_differ(TAPS / build / "libffitap-tap.so.0")
                environment = {**os.environ, "LD_LIBRARY_PATH": str(TAPS / build)}
                self.open_work(build)
                result = self.record("-o", "data", "--", PYTHON, "-uc", LOOP + "os._exit(7)\n",
                                     env=environment)
                self.assertEqual((result.returncode, result.stdout), (7, "499500\n"), result.stderr)
                self.assertNotIn("abs", [one["symbol"] for one in self.report()["functions"]])


class OfTheProgram(TestCase):
    """A program brings the core of another build, which finds this build's tap."""

    build = "other_layout"
    is_told_of_losses = True

    def setUp(self):
        super().setUp()
        core = TAPS / self.build / "core"
        self.assert_stamps_differ(core / "libffitap.so.0")
        self.environment = {**os.environ, "LD_LIBRARY_PATH": str(core)}

    def test_the_program_runs_as_untraced(self):
        host = harness.BUILD / "tests/apps/core/core_host"
        plain = subprocess.run([host], stdout=subprocess.PIPE, text=True, check=False,
                               env=self.environment)
        result = self.run_ffitap("stat", "-o", "data", "--", host, env=self.environment)
        self.assertEqual((result.returncode, result.stdout), (plain.returncode, plain.stdout),
                         result.stderr)
        report = self.report()
        self.assertEqual(report["functions"], [])
        self.assertEqual(report["losses"]["lower_bound"], self.is_told_of_losses, report["losses"])

    def test_so_does_the_core_that_is_asked_for_statistics(self):
        host = harness.BUILD / "tests/apps/core/self_counting"
        result = self.run_ffitap("stat", "-o", "data", "--", host, self.directory,
                                 env=self.environment)
        self.assertIn("the tap that this process was given is of another build of ffitap",
                      result.stderr)
        self.assertEqual(result.returncode, 1)

    def test_the_doctor_says_so(self):
        host = harness.BUILD / "tests/apps/core/core_host"
        result = self.run_ffitap("doctor", "--", host, env=self.environment)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^ *warning .*libffitap.so.0 is of another build than .*"
                                        r"libffitap-shim.so: its calls are not seen")
        result = self.run_ffitap("doctor", "--", host)
        self.assertNotIn("another build", result.stdout)


class OfTheProgramWithOtherNames(OfTheProgram):
    """The same, and the core wants what this build's tap does not have."""

    build = "other_names"
    is_told_of_losses = False


if __name__ == "__main__":
    sandbox.main()
