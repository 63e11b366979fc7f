#!/usr/bin/python3
"""ffitap bench measures what it says that it measures, says what it cannot measure, and leaves
nothing behind."""
import json
import os
import pty
import re
import shutil
import signal
import statistics
import subprocess
import time

import sandbox
from sandbox import AS_NOBODY, PYTHON, WITHOUT_MOUNT, needs_root, wait_until

TRACED = ["dormant", "stat", "record", "detail"]
ROWS = (
    [("clock", "untraced", 1), ("event", "record", 1)]
    + [("libffi", state, 1) for state in ["untraced"] + TRACED]
    + [("core", state, 1) for state in TRACED]
    + [(loop, state, 1) for loop in ("CDLL", "PyDLL") for state in ["untraced"] + TRACED]
    + [("libffi", "untraced", 2), ("libffi", "stat", 2), ("libffi", "record", 2), ("core", "stat", 2)]
)
LOST = r"\A(ffitap: \d+ events found no room: .*\n)?\Z"
RECORDED = ("record", "detail")
PYTHONS = ("CDLL", "PyDLL")

# A python3 into which nothing is preloaded, as if its libffi were its own.
UNSEEN = f"""#!/bin/sh
unset LD_PRELOAD
exec {PYTHON} "$@"
"""


def identity(row):
    return row["loop"], row["state"], row["threads"]


def lost(document):
    """The message about events that found no room: on a busy machine the daemon may come too
    late."""
    events = document["discarded_events"]
    said = f"ffitap: {events} events found no room: recording seems cheaper here than it is\n"
    return said if events else ""


def missing(document):
    return {identity(row) for row in document["rows"] if row["not_measured"]}


class Case(sandbox.TestCase):
    """Temporary files are in a folder of each test's own."""

    def setUp(self):
        super().setUp()
        tree = os.path.dirname(self.bin)
        shutil.copytree(
            os.path.join(self.bindir, "../libexec"), os.path.join(tree, "libexec"), symlinks=True
        )
        self.temporary = os.path.join(self.directory, "tmp")
        os.mkdir(self.temporary)
        os.chmod(self.temporary, 0o777)
        self.environment = dict(os.environ, TMPDIR=self.temporary, PATH="/usr/sbin:/usr/bin:/bin")

    def tearDown(self):
        super().tearDown()
        self.assertEqual(os.listdir(self.temporary), [])

    def bench(self, *arguments, status=0, rounds=2, **options):
        options.setdefault("timeout", 600)
        done = self.run_ffitap(
            "bench", f"--rounds={rounds}", *arguments, env=self.environment, **options
        )
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def results(self, *arguments, said="", **options):
        """The JSON of a run that prints this message and no other."""
        done = self.bench("--json", "results.json", *arguments, **options)
        with open("results.json") as file:
            document = json.load(file)
        self.assertRegex(done.stderr, f"^{said}{lost(document)}$")
        self.assertEqual([identity(row) for row in document["rows"]], ROWS)
        return document

    def path_with(self, *programs):
        """A PATH on which there is nothing but these programs."""
        folder = os.path.join(self.directory, "path")
        os.mkdir(folder)
        for program in programs:
            os.symlink(shutil.which(program, path="/usr/bin:/bin"), os.path.join(folder, program))
        self.environment["PATH"] = folder
        return folder


class Results(Case):
    ROUNDS = 9
    once = None

    def all_results(self):
        """The results of one run, for the tests that only look at results, because each run takes
        seconds."""
        if not Results.once:
            Results.once = self.results(rounds=self.ROUNDS)
        return Results.once

    def assert_spread(self, spread, values):
        """The spread is that of these values, of which the JSON has six digits."""
        quartiles = statistics.quantiles(values, n=4, method="inclusive")
        expected = {
            "lowest": min(values),
            "quartile_1": quartiles[0],
            "median": statistics.median(values),
            "quartile_3": quartiles[2],
            "highest": max(values),
        }
        self.assertEqual(spread.keys(), expected.keys())
        scale = max(map(abs, values)) * 1e-4 + 0.01
        for name, value in expected.items():
            self.assertAlmostEqual(spread[name], value, delta=scale, msg=name)

    def test_figures_and_ratios_belong_together(self):
        document = self.all_results()
        self.assertEqual(missing(document), set())
        self.assertEqual(document["schema"], "ffitap-bench/1")
        self.assertEqual(document["rounds"], self.ROUNDS)
        rounds = {identity(row): row["rounds_ns"] for row in document["rows"]}
        calls = {identity(row): row["calls_per_round"] for row in document["rows"]}
        for row in document["rows"]:
            own = rounds[identity(row)]
            self.assertEqual(len(own), self.ROUNDS)
            self.assertGreater(row["calls_per_round"], 0)
            self.assert_spread(row["call_ns"], own)
            if not row["against"]:
                continue
            others = rounds[identity(row["against"])]
            pairs = list(zip(own, others))
            self.assert_spread(row["added_ns"], [mine - other for mine, other in pairs])
            if row["threads"] == 2:
                one = identity(row["against"])
                self.assertEqual(row["calls_per_round"], calls[one])
                self.assert_spread(row["throughput_ratio"], [other / mine for mine, other in pairs])
            else:
                self.assert_spread(row["time_ratio"], [mine / other for mine, other in pairs])

    def test_goals_are_weighed_by_the_figures(self):
        document = self.all_results()
        rounds = {identity(row): row["rounds_ns"] for row in document["rows"]}
        goals = {goal["name"]: goal for goal in document["goals"]}
        clock, event = rounds["clock", "untraced", 1], rounds["event", "record", 1]

        def added(loop, state, baseline="untraced"):
            pairs = zip(rounds[loop, state, 1], rounds[loop, baseline, 1])
            return [traced - untraced for traced, untraced in pairs]

        def ratio(values, units, times=1):
            return [value / (times * unit) for value, unit in zip(values, units)]

        expected = {
            "dormant_added_ns": added("libffi", "dormant"),
            "stat_libffi_per_two_clock_readings": ratio(added("libffi", "stat"), clock, 2),
            "stat_core_per_two_clock_readings": ratio(added("core", "stat", "dormant"), clock, 2),
            "stat_pydll_per_two_clock_readings": ratio(added("PyDLL", "stat"), clock, 2),
            "stat_cdll_per_three_clock_readings": ratio(added("CDLL", "stat"), clock, 3),
            "stat_cdll_per_untraced": ratio(rounds["CDLL", "stat", 1], rounds["CDLL", "untraced", 1]),
            "record_libffi_per_event": ratio(added("libffi", "record"), event),
            "record_core_per_event": ratio(added("core", "record", "dormant"), event),
            "record_cdll_per_event": ratio(added("CDLL", "record"), event),
            "stat_libffi_two_threads": ratio(
                rounds["libffi", "stat", 1], rounds["libffi", "stat", 2]
            ),
            "stat_core_two_threads": ratio(rounds["core", "stat", 1], rounds["core", "stat", 2]),
        }
        self.assertEqual(goals.keys(), expected.keys())
        for name, values in expected.items():
            goal = goals[name]
            with self.subTest(name):
                self.assert_spread(goal["value"], values)
                reached = goal["value"]["median"]
                met = reached <= goal["at_most"] if "at_most" in goal else reached >= goal["at_least"]
                self.assertEqual(goal["met"], met)

    # Which row must cost more than which, because each row measures what its name says.
    ORDER = [
        (("event", "record", 1), ("clock", "untraced", 1)),
        (("libffi", "detail", 1), ("libffi", "record", 1)),
        *(
            ((loop, dearer, 1), (loop, cheaper, 1))
            for loop in ("libffi", "CDLL", "PyDLL")
            for dearer, cheaper in (("record", "stat"), ("stat", "untraced"))
        ),
    ]

    def test_tracing_costs_more_the_more_it_does(self):
        """Compares the fastest rounds, and each pair must be in order in one of several runs. A
        busy machine can make all rounds of a row slow and spare another row, but not the same rows
        every time."""
        disordered = set(self.ORDER)
        for attempt in range(5):
            document = self.results(rounds=self.ROUNDS) if attempt else self.all_results()
            fastest = {identity(row): row["call_ns"]["lowest"] for row in document["rows"]}
            disordered = {(dear, cheap) for dear, cheap in disordered if fastest[dear] <= fastest[cheap]}
            if not disordered:
                break
        self.assertEqual(disordered, set())

    def test_the_table_has_every_row_in_80_columns(self):
        done = self.bench(rounds=1)
        self.assertRegex(done.stderr, LOST)
        lines = done.stdout.splitlines()
        self.assertEqual([line for line in lines if len(line) > 80], [])
        rows = [line for line in lines if re.search(r"\d \.\. +\d", line)]
        self.assertEqual(len(rows), len(ROWS))
        self.assertEqual(len([line for line in lines if re.search(r"[<>]= \d", line)]), 11)

    def test_json_takes_the_tables_place_on_standard_output(self):
        done = self.bench("--json", "-", rounds=1)
        document = json.loads(done.stdout)
        self.assertEqual(document["rounds"], 1)
        self.assertEqual(done.stderr, lost(document))


class WrongOptions(Case):
    def assert_refused(self, what, *arguments):
        done = self.run_ffitap("bench", *arguments, env=self.environment)
        self.assertEqual(done.returncode, 125)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, rf"\Affitap: {what}\n\Z")
        self.assert_nothing_here()

    def test_each_is_refused_with_a_reason(self):
        for text in "0", "-1", "x", "3x", "", "100001", "99999999999999999999":
            reason = f"--rounds: '{text}' is no number from 1 to 100000"
            self.assert_refused(reason, f"--rounds={text}")
        self.assert_refused("--json: '/nonexistent/x': No such file or directory", "--json=/nonexistent/x")
        self.assert_refused("--json: '/tmp': Is a directory", "--json=/tmp")
        self.assert_refused("--json: '': No such file or directory", "--json=")
        self.assert_refused("--no-such: unknown option; see ffitap bench --help", "--no-such")
        self.assert_refused("ls: excess argument; see ffitap bench --help", "ls")


class NotEverywhere(Case):
    """One line says what cannot be measured, and all else is measured."""

    def assert_lacks(self, document, lacks, reason):
        expected = {row for row in ROWS if lacks(*row)}
        self.assertEqual(missing(document), expected)
        for row in document["rows"]:
            if identity(row) in expected:
                self.assertRegex(row["not_measured"], reason)
                self.assertIsNone(row["call_ns"])
                self.assertIsNone(row["rounds_ns"])
        self.assertTrue(any(goal["value"] is None for goal in document["goals"]))
        self.assertTrue(any(goal["value"] for goal in document["goals"]))

    def test_without_a_session_daemon_nothing_is_recorded(self):
        self.path_with("python3")
        reason = "lttng-sessiond: no such program; install lttng-tools"
        document = self.results(said=f"ffitap: recording is not measured: {reason}\n")
        self.assert_lacks(document, lambda loop, state, threads: state in RECORDED, f"^{reason}$")

    def test_without_python_there_is_no_ctypes(self):
        self.path_with("lttng-sessiond")
        reason = "python3: No such file or directory"
        document = self.results(said=f"ffitap: ctypes is not measured: {reason}\n")
        self.assert_lacks(document, lambda loop, state, threads: loop in PYTHONS, f"^{reason}$")

    def test_a_python_without_ctypes_is_none(self):
        folder = self.path_with("lttng-sessiond")
        with open(os.path.join(folder, "python3"), "w") as file:
            file.write(f"#!/bin/sh\nexec {PYTHON} -S -I -c \"\n"
                       "import sys; sys.modules['ctypes'] = None\n"
                       "path = sys.argv[2]; sys.argv = sys.argv[2:]; exec(open(path).read())\" \"$@\"\n")
            os.chmod(file.fileno(), 0o755)
        reason = "python3: import of ctypes halted; None in sys.modules"
        document = self.results(said=f"ffitap: ctypes is not measured: {reason}\n")
        self.assert_lacks(document, lambda loop, state, threads: loop in PYTHONS, f"^{reason}$")

    def test_a_python_whose_calls_are_not_seen_is_not_called_cheap(self):
        folder = self.path_with("lttng-sessiond")
        with open(os.path.join(folder, "python3"), "w") as file:
            file.write(UNSEEN)
            os.chmod(file.fileno(), 0o755)
        reason = r"python3: of its \d+ foreign calls \(stat\) ffitap saw 0; it may have a libffi of its own"
        document = self.results(said=f"ffitap: tracing is not measured: {reason}\n")
        self.assert_lacks(
            document,
            lambda loop, state, threads: loop in PYTHONS and state != "untraced",
            f"^{reason}$",
        )

    def test_one_cpu_has_no_two_threads_at_once(self):
        reason = "there is one CPU for the bench"
        said = f"ffitap: two threads at once are not measured: {reason}\n"
        document = self.results(prefix=["taskset", "-c", "0"], said=said)
        self.assertEqual(document["machine"]["cpus"], 1)
        self.assert_lacks(document, lambda loop, state, threads: threads == 2, f"^{reason}$")

    def test_an_installation_without_its_programs_is_no_use(self):
        os.unlink(os.path.join(self.bin, "../libexec/ffitap/calls"))
        done = self.bench(status=125)
        self.assertRegex(done.stderr, r"\Affitap: .*/libexec/ffitap/calls: No such file or directory; .*\n\Z")


class Users(Case):
    @needs_root
    def test_an_ordinary_user_measures_everything(self):
        self.assertEqual(missing(self.results(prefix=AS_NOBODY)), set())

    @needs_root
    def test_it_measures_everything_with_the_systems_daemon_and_leaves_none(self):
        self.assertEqual(missing(self.results(prefix=WITHOUT_MOUNT)), set())
        self.assert_nothing_runs()

    def test_what_others_count_is_left_alone(self):
        os.mkdir("others")
        self.environment["FFITAP_STAT_DIR"] = os.path.abspath("others")
        self.environment["FFITAP_FILTER"] = "!abs"
        self.assertEqual(missing(self.results()), set())
        self.assertEqual(os.listdir("others"), [])


class Interrupted(Case):
    def start(self, *prefix, **options):
        return subprocess.Popen(
            [*prefix, self.ffitap, "bench", "--rounds=100000", "--json=results.json"],
            env=self.environment,
            stdout=subprocess.PIPE,
            process_group=0,
            **options,
        )

    def wait_for_statistics(self, files):
        def are_there():
            folders = [os.path.join(self.temporary, name, "stat") for name in os.listdir(self.temporary)]
            return sum(len(os.listdir(one)) for one in folders if os.path.isdir(one)) >= files

        wait_until(are_there)

    def assert_gone(self, bench):
        self.assertEqual(bench.communicate(timeout=300)[0], b"")
        self.assert_nothing_here()
        self.assert_nothing_runs()

    def test_an_interrupt_ends_it_in_the_middle(self):
        terminal, others_end = pty.openpty()
        bench = self.start(stderr=others_end)
        os.close(others_end)
        said = b""
        while b"round 3 of 100000" not in said:
            said += os.read(terminal, 1000)
        os.killpg(bench.pid, signal.SIGINT)
        self.assert_gone(bench)
        self.assertEqual(bench.returncode, 128 + signal.SIGINT)
        self.assertNotIn(b"Traceback", said)
        os.close(terminal)

    def test_it_ends_while_it_starts(self):
        for delay in 0.05, 0.3, 0.8:
            bench = self.start()
            time.sleep(delay)
            bench.terminate()
            self.assert_gone(bench)
            self.assertIn(bench.returncode, (128 + signal.SIGTERM, -signal.SIGTERM))
            self.assertEqual(os.listdir(self.temporary), [])

    def test_nothing_runs_on_when_it_is_killed(self):
        for prefix in (), WITHOUT_MOUNT if sandbox.IS_ROOT else ():
            bench = self.start(*prefix)
            self.wait_for_statistics(6)
            time.sleep(0.5)
            bench.kill()
            bench.communicate(timeout=300)
            self.assert_nothing_runs()
            for name in os.listdir("."):
                os.unlink(name)
            for name in os.listdir(self.temporary):
                shutil.rmtree(os.path.join(self.temporary, name))


if __name__ == "__main__":
    sandbox.main()
