"""If a command is told to end at the worst time, right after it has made something, it takes that
away again."""

import json
import os
import pathlib
import re
import signal

import harness
from harness import BUILD, FFITAP, run

TOLD_TO_END = BUILD / "tests" / "apps" / "told_to_end.so"
PROGRAM = "sleep", "1000"


class ToldToEnd(harness.Case):
    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()

    def told_after(self, function, *arguments):
        """What ffitap had made when it was told to end, right after it called that function."""
        environment = dict(
            os.environ,
            LD_PRELOAD=str(TOLD_TO_END),
            TOLD_TO_END_AFTER=function,
            TMPDIR=str(self.temporary),
        )
        done = run(FFITAP, *arguments, env=environment, cwd=self.folder)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 128 + signal.SIGTERM, said)
        return pathlib.Path(re.match("made (.*)\n", said)[1])

    def test_the_bench_leaves_no_file(self):
        self.told_after("fdopen", "bench", "--json=results.json")
        self.assertEqual(os.listdir(self.folder), ["tmp"])
        self.assertEqual(os.listdir(self.temporary), [])

    def test_stat_leaves_no_folder(self):
        made = self.told_after("mkdtemp", "stat", "--", *PROGRAM)
        self.assertEqual(made.parent, self.temporary)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_stat_makes_the_recording_that_it_moved_another_away_for(self):
        """By then the signal is for the program, which it ends, and the recording says so."""
        self.stat("-o", self.data, "--", "true")
        made = self.told_after("rename", "stat", "-o", self.data, "--", *PROGRAM)
        self.assertEqual(made, self.folder / "data.old")
        recording = json.loads((self.data / "recording").read_text())
        self.assertEqual(recording["command"], list(PROGRAM))
        self.assertEqual((recording["signaled"], recording["code"]), (True, signal.SIGTERM))

    def test_record_leaves_no_folder(self):
        made = self.told_after("mkdtemp", "record", "-o", self.data, "--", *PROGRAM)
        self.assertRegex(made.name, "ffitap-......$")
        self.assertFalse(made.exists())


if __name__ == "__main__":
    harness.main()
