"""The sessions that documents show, which are commands with what they print, and how to repeat
them.

In README.md a session is a block of ```console. In a manual page each display says what it is by the
comment before it:

    .\\" run                 commands behind "$ " with what they print
    .\\" file NAME           a file of that name, which commands may use from there on
    .\\" text                nothing to be done with

The commands of one document are run in its order, in one folder.
"""

import os
import re
import signal
import subprocess
import typing

import harness
from sandbox import wait_until

README = harness.SOURCE / "README.md"
# The escapes that may be in a page's display, and the characters that they stand for.
ESCAPES = {r"\e": "\\", r"\(aq": "'", r"\(dq": '"', r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\&": ""}


class Block(typing.NamedTuple):
    kind: str  # "run", "file", "text", or "" if the document does not say
    name: str  # of the file
    text: str


def of_readme():
    text = README.read_text()
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield Block("run", "", block)


def plain(text):
    return re.sub(r"\\(?:\(..|.)", lambda escape: ESCAPES[escape[0]], text)


def of_page(page):
    shown = r'(?:^\.\\" (run|file|text)(?: (\S+))?\n)?^\.Bd -literal.*\n((?:(?!\.Ed).*\n)*)'
    for kind, name, text in re.findall(shown, page.read_text(), re.MULTILINE):
        yield Block(kind, name, plain(text))


def commands(text):
    """Each command of a session with the output that is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def shape(text):
    """The lines without their figures and in one order, because the order of rows may depend on a
    figure. A library's folder has another name in other suites, and so gets one name here."""
    figure = r"\b[0-9a-f]{8}\b|([+-](?=\d))?\d[\d.]*(e[+]\d+)?( (ns|us|ms|s|KiB|MiB)\b)?|  missed$"
    lines = (re.sub(figure, "#", line) for line in text.replace("/usr/lib/", "/lib/").splitlines())
    return sorted(re.sub(r"\s+", " ", re.sub("##$", "#", line)) for line in lines)


def at_any_speed(command):
    """The command with less to do, and without a guess at how far another command has come by
    then."""
    command = re.sub(r"ffitap bench\b", r"\g<0> --rounds=2", command)  # of 150, which take long
    command = re.sub(r"(bench/c\w+\.py)( \d+)?$", r"\1 1", command)
    if command.endswith("&"):
        return command.replace("c.sleep(6)", "c.sleep(1000)") + " echo $! >background"
    watching = re.fullmatch("sleep 3; (.* top --once .*)", command)
    if watching:
        return f"until {watching[1]} | grep -q ': sleep '; do sleep 0.1; done; {watching[1]}"
    return command


class Case(harness.Case):
    """Runs what a document shows in self.folder."""

    environment = None

    def end_background(self):
        os.kill(int((self.folder / "background").read_text()), signal.SIGTERM)
        wait_until(lambda: "foreign calls" in (self.folder / "stat.log").read_text())

    def run_blocks(self, blocks):
        """Runs all sessions; returns how many commands there were."""
        count = 0
        for block in blocks:
            if block.kind == "file":
                (self.folder / block.name).write_text(block.text)
            elif block.kind == "run":
                for command, expected in commands(block.text):
                    with self.subTest(command):
                        self.run_command(command, expected)
                    count += 1
        return count

    def run_command(self, command, expected):
        done = subprocess.run(
            at_any_speed(command),
            shell=True,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        expects_difference = command.startswith("diff ")
        self.assertEqual(done.returncode, 1 if expects_difference else 0, done.stdout)
        if command.endswith("&"):
            self.addCleanup(self.end_background)
        if re.search(r"^\./|\| grep -c ", command):  # such output holds no measurement
            self.assertEqual(done.stdout, expected)
        printed = shape(done.stdout)
        for line in shape(expected):
            self.assertIn(line, printed)
