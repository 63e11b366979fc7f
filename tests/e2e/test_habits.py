"""What every command does alike: help, usage, version, and what it says to wrong words."""

import gzip
import os
import re
import shutil
import subprocess

import harness
import options
import pages
from harness import FFITAP, run

HELP, USAGE, VERSION = ("--help", "-h", "-?"), ("--usage",), ("--version", "-V")
EVERY_WAY = HELP + USAGE + VERSION
COMMANDS = sorted(options.commands())
EVERY = [(), *((name,) for name in COMMANDS)]  # ffitap itself, and each command


def title(command):
    return " ".join(["ffitap", *command])


class Habits(harness.Case):
    def ffitap(self, *words, **extra):
        return run(FFITAP, *words, text=True, cwd=self.folder, **extra)

    def shown(self, *words, **extra):
        """What ffitap prints to standard output, when it has nothing to complain about."""
        done = self.ffitap(*words, **extra)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout


class Help(Habits):
    def test_the_commands_are_those_that_have_a_page(self):
        found = {page.name for page in pages.of_section(1)}
        expected = {f"ffitap-{name}.1" for name in COMMANDS if name != "help"} | {"ffitap.1"}
        self.assertEqual(found, expected)

    def test_the_topics_are_the_programs_other_pages(self):
        found = {page.stem for page in pages.of_section(5) + pages.of_section(7)}
        self.assertEqual(found, {f"ffitap-{name}" for name in options.topics()})

    def test_it_starts_with_how_the_command_is_used(self):
        for command in EVERY:
            for way in HELP + USAGE:
                start = f"Usage: {title(command)} "
                self.assertTrue(self.shown(*command, way).startswith(start), way)

    def test_every_way_to_ask_for_it_is_as_good(self):
        for command in EVERY:
            for way in HELP:
                self.assertEqual(self.shown(*command, way), self.shown(*command, "--help"), way)

    def test_it_fits_into_80_columns_and_writes_options_one_way(self):
        for command in EVERY:
            text = self.shown(*command, "--help")
            self.assertLess(max(map(len, text.splitlines())), 80)
            for line in re.findall(r"^ +-.*$", text, re.MULTILINE):
                self.assertRegex(line, options.OPTION)
            for option in options.parse(text):
                self.assertRegex(option.description, "^[a-z].*[^.]$")

    def test_every_option_is_in_the_usage(self):
        for command in EVERY:
            usage = re.sub(r"\s+", " ", self.shown(*command, "--usage"))
            for short, long, argument, _ in options.of(*command):
                names = f"{short}|{long}" if short else long
                self.assertIn(f" [{names}={argument}]" if argument else f" [{names}]", usage)

    def test_the_first_option_that_asks_for_something_gets_it(self):
        self.assertEqual(self.shown("stat", "--interval=2", "-h"), self.shown("stat", "-h"))
        self.assertEqual(self.shown("top", "--version", "--help"), self.shown("top", "-V"))

    def test_a_program_has_its_own_help(self):
        words = ("-h", "-?", "--help", "--usage", "--version", "-V")
        for command in "record", "stat":
            for end in (), ("--",):
                done = self.ffitap(command, *end, "echo", *words)
                self.assertEqual(done.stdout, " ".join(words) + "\n", done.stderr)

    def test_the_version_is_one_line_and_the_same_everywhere(self):
        self.assertRegex(self.shown("--version"), r"^ffitap \d+\.\d+\.\d+\n$")
        for command in EVERY:
            for way in VERSION:
                self.assertEqual(self.shown(*command, way), self.shown("--version"), way)

    def test_nobody_is_left_without_the_output_and_not_told(self):
        for command in EVERY:
            for way in EVERY_WAY:
                with open("/dev/full", "w") as full:
                    done = subprocess.run(
                        [FFITAP, *command, way], stdout=full, stderr=subprocess.PIPE, text=True
                    )
                self.assert_failed(done, "No space left on device", way)
                closed = ["sh", "-c", '"$0" "$@" >&-', FFITAP, *command, way]
                self.assert_failed(run(*closed, text=True), "Bad file descriptor", way)

    def assert_failed(self, done, why, way):
        self.assertEqual(done.returncode, 125, way)
        self.assertEqual(done.stderr, f"ffitap: standard output: {why}\n", way)


class HelpCommand(Habits):
    def at_a_terminal(self, *words, program=FFITAP, **environment):
        """What appears on a terminal when only the programs in self.folder are found."""
        ours, its = os.openpty()
        variables = {**os.environ, "PATH": str(self.folder), **environment}
        done = subprocess.Popen([program, *words], stdout=its, stderr=its, env=variables)
        os.close(its)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # nobody has the other end any more
            pass
        os.close(ours)
        self.assertEqual(done.wait(timeout=60), 0, shown)
        return shown.decode().replace("\r\n", "\n")

    def make_man(self):
        """A man(1) that prints what it was asked for."""
        man = self.folder / "man"
        man.write_text('#!/bin/sh\necho "man $*"\n')
        man.chmod(0o755)

    def install_alone(self):
        """Only the program and the library with its commands, in a place of their own."""
        prefix = self.folder / "prefix"
        for file in FFITAP, harness.PRIVATE_LIBRARIES / "libffitap-commands.so":
            copy = prefix / file.relative_to(harness.BUILD)
            copy.parent.mkdir(parents=True)
            shutil.copy(file, copy)
        return prefix / "bin/ffitap"

    def test_without_a_command_it_is_the_overview(self):
        self.assertEqual(self.shown("help"), self.shown("--help"))

    def test_it_opens_the_page_that_came_with_the_program(self):
        self.make_man()
        for name in COMMANDS:
            if name != "help":
                page = harness.BUILD / f"share/man/man1/ffitap-{name}.1"
                self.assertIn(f".Dt FFITAP-{name.upper()} 1\n", page.read_text())
                self.assertEqual(self.at_a_terminal("help", name), f"man -l {page}\n")

    def test_it_opens_the_page_of_a_topic_for_whoever_reads_it(self):
        self.make_man()
        path = dict(os.environ, PATH=str(self.folder))
        for page in pages.of_section(5) + pages.of_section(7):
            name = page.stem.removeprefix("ffitap-")
            there = harness.BUILD / f"share/man/man{page.suffix[1:]}/{page.name}"
            self.assertIn(f".Dt {page.stem.upper()} {page.suffix[1:]}\n", there.read_text())
            self.assertEqual(self.at_a_terminal("help", name), f"man -l {there}\n")
            self.assertEqual(self.shown("help", name, env=path), f"man -l {there}\n")

    def test_a_topic_without_man_or_without_its_page_is_told(self):
        path = dict(os.environ, PATH=str(self.folder))
        for program in FFITAP, self.install_alone():
            done = run(program, "help", "limits", text=True, env=path)
            said = "ffitap: help limits: there is no manual page, or no man(1) to show it\n"
            self.assertEqual((done.returncode, done.stdout, done.stderr), (125, "", said))
            self.make_man()

    def test_the_page_may_be_compressed(self):
        self.make_man()
        program = self.install_alone()
        page = self.folder / "prefix/share/man/man1/ffitap-stat.1.gz"
        page.parent.mkdir(parents=True)
        page.write_bytes(gzip.compress(b".Dt FFITAP-STAT 1\n"))
        self.assertEqual(self.at_a_terminal("help", "stat", program=program), f"man -l {page}\n")

    def test_the_real_man_shows_it(self):
        shown = self.at_a_terminal(
            "help", "stat", PATH="/usr/bin:/bin", MANPAGER="cat", MANROFFOPT="-c", LC_ALL="C"
        )
        self.assertRegex(re.sub(".\b", "", shown), r"SYNOPSIS\n +ffitap +stat +\[-o ")

    def test_without_man_it_is_the_commands_help(self):
        for name in COMMANDS:
            self.assertEqual(self.at_a_terminal("help", name), self.shown(name, "--help"))

    def test_without_a_page_it_is_the_commands_help(self):
        self.make_man()
        shown = self.at_a_terminal("help", "stat", program=self.install_alone())
        self.assertEqual(shown, self.shown("stat", "--help"))

    def test_where_nobody_reads_it_is_the_commands_help(self):
        self.make_man()
        path = dict(os.environ, PATH=str(self.folder))
        for name in COMMANDS:
            self.assertEqual(self.shown("help", name, env=path), self.shown(name, "--help"))

    def test_output_that_nobody_takes_is_told(self):
        for words in ["help"], ["help", "stat"]:
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [FFITAP, *words], stdout=full, stderr=subprocess.PIPE, text=True
                )
            self.assertEqual(done.returncode, 125)
            self.assertEqual(done.stderr, "ffitap: standard output: No space left on device\n")


class Refusals(Habits):
    def assert_refused(self, words, what, command):
        done = self.ffitap(*words)
        expected = f"ffitap: {what}; see {title(command)} --help\n"
        self.assertEqual((done.returncode, done.stdout, done.stderr), (125, "", expected), words)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_an_unknown_option(self):
        for command in EVERY:
            for option in "--frob", "--frob=1", "-x":
                self.assert_refused([*command, option], f"{option}: unknown option", command)

    def test_an_option_without_its_argument(self):
        for command in EVERY:
            for option in options.of(*command):
                if option.argument:
                    for name in option.names:
                        what = f"{name}: missing argument"
                        self.assert_refused([*command, name], what, command)

    def test_an_argument_for_an_option_that_takes_none(self):
        for command in EVERY:
            for option in options.of(*command):
                if not option.argument:
                    word = f"{option.long}=1"
                    what = f"{word}: option does not take an argument"
                    self.assert_refused([*command, word], what, command)

    def test_an_argument_too_many(self):
        self.assert_refused(["bench", "one"], "one: excess argument", ("bench",))
        for name in "help", "report", "top":
            for words in ["one", "two"], ["one", "two", "three"]:
                self.assert_refused([name, *words], "two: excess argument", (name,))

    def test_no_program(self):
        for name in "record", "stat":
            for words in [], ["--"], ["--filter=x"]:
                self.assert_refused([name, *words], "no program given", (name,))

    def test_no_command(self):
        for words in [], ["--"]:
            self.assert_refused(words, "no command given", ())

    def test_a_command_that_there_is_not(self):
        for words in ["frob"], ["--", "frob"], ["frob", "--help"], ["help", "frob"]:
            self.assert_refused(words, "frob: no such command", ())
        self.assert_refused([""], ": no such command", ())


class DoubleDash(Habits):
    def test_the_command_may_follow_it(self):
        self.assertEqual(self.shown("--", "top", "--help"), self.shown("top", "--help"))
        done = self.ffitap("--", "stat", "--", "echo", "--", "-h")
        self.assertEqual((done.returncode, done.stdout), (0, "-- -h\n"))


if __name__ == "__main__":
    harness.main()
