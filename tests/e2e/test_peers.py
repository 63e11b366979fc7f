"""tests/bench/peers.py runs to its end with whatever tools are there, and what it says that they
see is true.

Tools that the default list of packages brings are measured. Each other tool is measured, or there
is a line that says that it is absent.
"""

import json
import os
import pathlib
import re
import sys
import unittest

import harness
import pages
import sessions

BENCH = harness.SOURCE / "tests" / "bench"
sys.path.insert(0, str(BENCH))

import peers_judge  # noqa: E402
import peers_loop  # noqa: E402
import peers_tools  # noqa: E402

CALLS = 400
OURS = ("ffitap stat", "ffitap record")
THERE = ("untraced", "ffitap dormant", *OURS, "cProfile", "lttng-ust-dl")
OTHERS = ("perf uprobes", "bpftrace", "bpftrace, all", "uftrace", "ltrace", "ltrace, all")


def peers(*options, **extra):
    few = ("--rounds", 1, "--calls", CALLS)
    return harness.run(harness.PYTHON, "-B", BENCH / "peers.py", *few, *options, **extra)


class Measured(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = peers("--json")
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        cls.rows = {row["tool"]: row for row in json.loads(done.stdout)["tools"]}

    def verdicts(self, tool):
        return {what: seen["verdict"] for what, seen in self.rows[tool]["sees"].items()}

    def test_each_tool_is_measured_or_absent_with_a_reason(self):
        self.assertEqual(tuple(self.rows), THERE + OTHERS)
        for tool, row in self.rows.items():
            with self.subTest(tool):
                told = [row[what] for what in ("best_ns", "missing", "cannot_run") if what in row]
                self.assertEqual(len(told), 1, row)
                self.assertTrue(told[0], row)

    def test_what_is_installed_by_default_is_measured(self):
        for tool in THERE:
            with self.subTest(tool):
                self.assertGreater(self.rows[tool].get("best_ns", 0), 0, self.rows[tool])

    def test_what_does_not_look_sees_nothing(self):
        for tool in "untraced", "ffitap dormant":
            self.assertEqual(self.rows[tool]["sees"], {})

    def test_ffitap_sees_everything(self):
        for tool in OURS:
            with self.subTest(tool):
                self.assertEqual(set(self.verdicts(tool).values()), {"yes"}, self.rows[tool])
                evidence = self.rows[tool]["sees"]["functions"]["evidence"]
                self.assertEqual(evidence, f"abs: {peers_loop.BATCHES * CALLS}")

    def test_the_manual_says_what_each_sees(self):
        (block,) = [one for one in sessions.of_page(pages.of_command(("bench",))) if one.kind == "text"]
        shown = re.findall(r"^(.*?)(?: +-?[\d.]+){4}  (.*)$", block.text, re.MULTILINE)
        self.assertEqual([tool for tool, _ in shown], list(self.rows))
        for tool, verdicts in shown:
            if "best_ns" in self.rows[tool]:
                with self.subTest(tool):
                    found = list(self.verdicts(tool).values()) or ["-"]
                    self.assertEqual(verdicts.split(), found, self.rows[tool])

    def test_the_python_profiler_sees_no_foreign_call(self):
        seen = dict.fromkeys(peers_judge.COLUMNS, "no") | {"loads": "part"}
        self.assertEqual(self.verdicts("cProfile"), seen)
        self.assertIn("_ctypes.dlopen", self.rows["cProfile"]["sees"]["loads"]["evidence"])

    def test_the_dl_wrapper_sees_the_loads_that_succeed_and_nothing_else(self):
        seen = dict.fromkeys(peers_judge.COLUMNS, "no") | {"loads": "yes"}
        self.assertEqual(self.verdicts("lttng-ust-dl"), seen)
        self.assertIn("lttng_ust_dl:dlopen", self.rows["lttng-ust-dl"]["sees"]["loads"]["evidence"])


class Absent(harness.Case):
    def without(self, *programs):
        """A PATH with all programs of this machine but some."""
        farm = self.folder / "bin"
        farm.mkdir()
        for place in "/usr/sbin", "/usr/bin", "/sbin", "/bin":
            for program in pathlib.Path(place).iterdir():
                link = farm / program.name
                if program.name not in programs and not link.is_symlink():
                    link.symlink_to(program)
        return farm

    def test_the_reason_is_printed(self):
        path = self.without("bpftrace", "ltrace", "perf", "uftrace")
        (path / "perf").write_text("#!/bin/sh\necho 'perf: no such luck' >&2\nexit 1\n")
        (path / "perf").chmod(0o755)
        done = peers(env=dict(os.environ, PATH=str(path)))
        self.assertEqual(done.returncode, 0, done.stderr)
        said = done.stdout.decode()
        self.assertIn("\nperf uprobes: cannot run here: perf: no such luck\n", said)
        for tool, package in ("bpftrace", "bpftrace"), ("uftrace", "uftrace"), ("ltrace", "ltrace"):
            how = f"not installed: tools/setup --peers, or apt-get install {package}\n"
            self.assertIn(f"\n{tool}: {how}", said)
        self.assertRegex(said, r"(?m)^ffitap stat( +[\d.-]+){4}( +yes){6}$")
        self.assertRegex(said, r"(?m)^untraced( +[\d.]+){2} +1\.00 +0\.0  -$")
        self.assertNotRegex(said, r"(?m)^(perf|bpf|uf|l)trace[^:]*\d")

    def test_each_package_stands_in_the_list_of_what_is_set_up(self):
        listed = re.findall(r"(?m)^ {4}([\w-]+)$", (harness.SOURCE / "tools" / "setup").read_text())
        for tool in peers_tools.TOOLS:
            for package in tool.programs.values():
                self.assertIn(package, listed, tool.name)


class Judged(unittest.TestCase):
    """The rules, tried on output that does not say everything."""

    library = os.path.realpath("/usr/lib/x86_64-linux-gnu/libsqlite3.so.0")
    facts = peers_judge.Facts(
        calls=100,
        errno_calls=7,
        address="0x7f01",
        errno_address="0x7f02",
        library="libsqlite3.so.0",
        library_file=library,
        no_library="libnone.so.1",
    )

    def judged(self, **seen):
        verdicts = peers_judge.judge(peers_tools.Sight(**seen), self.facts)
        return {what: verdict for what, (verdict, _) in verdicts.items() if verdict != "no"}

    def test_silence_is_no(self):
        self.assertEqual(self.judged(), {})

    def test_the_name_alone_is_no(self):
        self.assertEqual(self.judged(text="abs chdir gil ENOENT 100 7", calls={"isabs": 100}), {})

    def test_lost_calls_are_part(self):
        self.assertEqual(self.judged(calls={"abs": 99}), {"calls": "part"})

    def test_an_address_is_part_of_a_name(self):
        seen = dict(calls={"0x7f01": 100}, gil={"0x7f01": 100}, errno={("0x7f02", 2): 7})
        found = {"calls": "yes", "functions": "part", "GIL": "part", "errno": "part"}
        self.assertEqual(self.judged(**seen), found)

    def test_another_errno_is_no(self):
        self.assertEqual(self.judged(errno={("chdir", 13): 7}), {})

    def test_the_lock_by_itself_is_part(self):
        calls = {"ffi_call": 107, "PyEval_SaveThread": 107}
        self.assertEqual(self.judged(calls=calls), {"calls": "yes", "GIL": "part"})

    def test_a_name_of_a_library_is_part_and_its_path_is_all(self):
        self.assertEqual(self.judged(text='dlopen("libsqlite3.so.0")'), {"loads": "part"})
        self.assertEqual(self.judged(text=f'path = "{self.library}"'), {"loads": "yes"})

    def test_a_failure_says_that_it_failed(self):
        self.assertEqual(self.judged(text="wanted libnone.so.1"), {"failures": "part"})
        failed = self.judged(text='open("libnone.so.1") = 0 <0.1>')
        self.assertEqual(failed, {"failures": "yes"})


if __name__ == "__main__":
    harness.main()
