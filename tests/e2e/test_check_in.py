"""tools/check-in refuses what it cannot do before it does anything. Whether it runs commands in
roots of other suites shows when a check-in of those is run."""

import os

import harness
import sandbox

CHECK_IN = harness.SOURCE / "tools" / "check-in"


class CheckIn(harness.Case):
    def setUp(self):
        super().setUp()
        self.roots = self.folder / "roots"

    def refuse(self, *words, why, prefix=()):
        done = harness.run(*prefix, CHECK_IN, *words, text=True,
                           env={**os.environ, "FFITAP_ROOTS": str(self.roots)})
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        self.assertRegex(done.stderr, f"^tools/check-in: {why}")
        self.assertFalse(self.roots.exists())

    def test_wrong_words(self):
        usage = r"; usage: tools/check-in .* SUITE \[COMMAND \[ARGUMENT\.\.\.\]\]\n$"
        self.refuse(why="no suite given" + usage)
        self.refuse("--frob", "trixie", why="--frob: unknown option" + usage)
        self.refuse("../trixie", why="../trixie: is no name of a suite" + usage)
        self.refuse("--share", self.folder / "nowhere", "trixie",
                    why="--share: '.*/nowhere' is no directory" + usage)

    @sandbox.needs_root
    def test_somebody_who_may_not_mount(self):
        self.refuse("trixie", "true", prefix=sandbox.AS_NOBODY, why="only root can make a root")

    def test_help(self):
        done = harness.run(CHECK_IN, "--help", text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^usage: tools/check-in ")


if __name__ == "__main__":
    harness.main()
