"""Runs one command untraced, and in every way in which ffitap may be in the command's process."""

import os
import shutil

import harness

SHIM = harness.PRIVATE_LIBRARIES / "libffitap-shim.so"


def preloaded(environment):
    """The environment with the shim in front of whatever else is preloaded."""
    others = environment.get("LD_PRELOAD")
    return dict(environment, LD_PRELOAD=f"{SHIM}:{others}" if others else str(SHIM))


class Case(harness.Case):
    def run_in(self, mode, *command, env=None, **options):
        """What the command did in this mode; its recording is in self.data."""
        environment = dict(os.environ, **(env or {}))
        self.data = self.folder / mode
        front = {
            "untraced": (),
            "dormant": (),
            "stat": (harness.FFITAP, "stat", "-o", self.data, "--"),
            "record": (harness.FFITAP, "record", "-o", self.data, "--events", "detail", "--"),
            "default": (harness.FFITAP, "record", "-o", self.data, "--"),
        }[mode]
        if mode == "dormant":
            environment = preloaded(environment)
        return harness.run(*front, *command, env=environment, **options)

    def assert_same(self, *command, **options):
        """The command does the same in every mode. Returns what it did, and the reports of two
        modes."""
        plain = self.run_in("untraced", *command, **options)
        as_the_shell = plain.returncode if plain.returncode >= 0 else 128 - plain.returncode
        reports = {}
        for mode in "dormant", "stat", "record":
            with self.subTest(mode):
                done = self.run_in(mode, *command, **options)
                self.assertEqual(
                    done.stdout.decode(errors="replace"), plain.stdout.decode(errors="replace")
                )
                if mode == "dormant":
                    self.assertEqual(done.stderr, plain.stderr)
                    self.assertEqual(done.returncode, plain.returncode)
                    continue
                self.assertIn(plain.stderr, done.stderr)
                self.assertEqual(done.returncode, as_the_shell, done.stderr)
                reports[mode] = self.report()
        return plain, reports

    def make_set_user_id(self):
        """
        Puts a program and ffitap in a place where a user can run them who is not the program's
        owner: then the dynamic linker preloads nothing.
        """
        self.folder.chmod(0o777)
        program, build = self.folder / "set-user-id", self.folder / "build"
        shutil.copy("/usr/bin/id", program)
        program.chmod(0o4755)
        (build / "bin").mkdir(parents=True)
        shutil.copy(harness.FFITAP, build / "bin")
        libraries = build / os.path.relpath(harness.LIBRARIES, harness.BUILD)
        shutil.copytree(harness.LIBRARIES, libraries, symlinks=True)
        return program, build / "bin" / "ffitap"

    def calls(self, report):
        """How often each function was called, by symbol. Functions without a name are added up."""
        calls = {}
        for one in report["functions"]:
            calls[one["symbol"]] = calls.get(one["symbol"], 0) + one["calls"]
        return calls
