"""Each shell completes with the commands and options that there are, and with what they take."""

import os
import pathlib
import tempfile

import harness
import options
import shells

COMMANDS = options.commands()
RUN_A_PROGRAM = ("doctor", "record", "stat")
PROGRAM = "ffitap-test-program"  # its completion offers --alpha and --beta


class Completions:
    """What is asked of each shell; `shell` is one."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="ffitap-test-")
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name)
        done = harness.run("cmake", "--install", harness.BUILD, "--prefix", path / "prefix")
        assert done.returncode == 0, done.stderr
        for name in "home/some.folder", "bin":
            (path / name).mkdir(parents=True)
        (path / "home" / "some.file").touch()
        (path / "bin" / PROGRAM).touch(mode=0o755)
        cls.shell = cls.kind(path, {
            "HOME": str(path / "home"),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{path / 'bin'}:{path / 'prefix/bin'}:/usr/bin:/bin",
            "XDG_DATA_DIRS": str(path / "prefix/share"),
        })
        cls.addClassCleanup(cls.shell.close)

    def offered(self, line):
        """The words that complete the last word of the line, as they will stand there, and their
        descriptions."""
        start = line.split(" ")[-1]
        option = start[: start.find("=") + 1]
        return {
            item.removeprefix(option).rstrip("=/"): text
            for item, text in self.shell.complete(line).items()
        }

    def assert_offered(self, line, expected):
        """`expected` are the words, with their descriptions where the shell shows some."""
        found = self.offered(line)
        if self.shell.describes and isinstance(expected, dict):
            self.assertEqual(found, expected, line)
        else:
            self.assertEqual(sorted(found), sorted(expected), line)

    def test_commands(self):
        for line in "ffitap ", "ffitap -- ":
            self.assert_offered(line, COMMANDS)
        self.assert_offered("ffitap sta", {"stat": COMMANDS["stat"]})
        self.assertEqual(set(self.offered("ffitap help ")), {*COMMANDS, *options.topics()})

    def test_options(self):
        for command in [(), *((name,) for name in COMMANDS)]:
            expected = {
                name: option.description for option in options.of(*command) for name in option.names
            }
            self.assert_offered(" ".join(["ffitap", *command, "-"]), expected)

    def test_what_options_take(self):
        for command in COMMANDS:
            for option in options.of(command):
                if option.argument:
                    self.assert_takes(f"ffitap {command} {option.long}=", option.argument)
                    self.assert_takes(f"ffitap {command} {option.long} ", option.argument)
                    if option.short:
                        self.assert_takes(f"ffitap {command} {option.short} ", option.argument)

    def assert_takes(self, line, argument):
        if "|" in argument:
            self.assert_offered(line, argument.split("|"))
        else:
            files = {"DIR": ["some.folder"], "FILE": ["some.file", "some.folder"]}
            self.assert_offered(line, files.get(argument, []))

    def test_what_commands_take(self):
        self.assertIn("some.folder", self.offered("ffitap report "))
        self.assertNotIn("some.file", self.offered("ffitap report "))
        top = self.offered("ffitap top ")
        self.assertIn("some.folder", top)
        self.assertIn(str(os.getpid()), top)
        self.assertNotIn("some.file", top)
        for nothing in "ffitap bench ", "ffitap help stat r", "ffitap frob -":
            self.assertNotIn("some.file", self.offered(nothing))
            self.assertNotIn("report", self.offered(nothing))

    def test_a_program_and_its_own_words(self):
        for command in RUN_A_PROGRAM:
            for between in self.ways_to_a_program(command):
                line = f"ffitap {command} {between}{PROGRAM}"
                self.assertIn(PROGRAM, self.offered(line[:-3]), line)
                self.assert_offered(f"{line} --", ["--alpha", "--beta"])
                self.assert_offered(f"{line} --beta --al", ["--alpha"])

    def ways_to_a_program(self, command):
        yield from ("", "-- ")
        for option in options.of(command):
            if option.argument:
                yield f"{option.long}=x "
                yield f"{option.long} x "
                yield f"{option.long} x -- "
            if option.argument and option.short:
                yield f"{option.short} x "


class Places(harness.Case):
    def test_zsh_looks_there(self):
        """Debian's own zsh has a folder below /usr that no other zsh has."""
        looks = harness.run("zsh", "-f", "-c", "print -l $fpath", text=True).stdout.splitlines()
        for prefix, name in ("usr", "vendor-completions"), ("usr/local", "site-functions"):
            self.assertIn(f"/{prefix}/share/zsh/{name}", looks)
            place = self.folder / prefix
            done = harness.run("cmake", "--install", harness.BUILD, "--prefix", place)
            self.assertEqual(done.returncode, 0, done.stderr)
            files = [str(one.relative_to(place)) for one in place.glob("share/zsh/**/_ffitap")]
            self.assertEqual(files, [f"share/zsh/{name}/_ffitap"])


class Bash(Completions, harness.Case):
    kind = shells.Bash


class Zsh(Completions, harness.Case):
    kind = shells.Zsh


class Fish(Completions, harness.Case):
    kind = shells.Fish


if __name__ == "__main__":
    harness.main()
