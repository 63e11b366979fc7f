"""The sessions in README.md are real: the commands run, and print what README.md shows, apart from
the figures."""

import harness
import sessions


class Readme(sessions.Case):
    def test_its_sessions_are_real(self):
        for name, target in ("build", harness.BUILD), ("tests", harness.SOURCE / "tests"):
            (self.folder / name).symlink_to(target)
        self.assertGreater(self.run_blocks(sessions.of_readme()), 0)


if __name__ == "__main__":
    harness.main()
