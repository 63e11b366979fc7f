"""The commands and their options, as `ffitap --help` and `ffitap COMMAND --help` list them."""

import os
import re
import typing

import harness


class Option(typing.NamedTuple):
    short: str  # "-o", "" if there is none
    long: str  # "--output"
    argument: str  # "DIR", "" if it takes none
    description: str

    @property
    def names(self):
        return {name for name in (self.short, self.long) if name}


OPTION = re.compile(
    r"^  (?:(?P<short>-\w), |    )(?P<long>--[\w-]+)(?:=(?P<argument>\S+))?(?:  +(?P<text>.*))?$"
)


def help_text(*words):
    done = harness.run(harness.FFITAP, *words, "--help", env=dict(os.environ, LC_ALL="C"))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def commands():
    """Every command with what the overview says about it."""
    return dict(re.findall(r"^  (\w+) +(.*)$", help_text(), re.MULTILINE))


def topics():
    """The other topics that have a manual page."""
    return re.search("^Other pages for 'ffitap help': (.*)$", help_text(), re.MULTILINE)[1].split()


def parse(text):
    """The options in a help text. A description may go on in the lines below."""
    found = []
    for line in text.splitlines():
        option = OPTION.match(line)
        if option:
            parts = option.group("short", "long", "argument", "text")
            found.append(Option(*(part or "" for part in parts)))
        elif found and re.match(r" {12,}\S", line):
            description = f"{found[-1].description} {line.strip()}".strip()
            found[-1] = found[-1]._replace(description=description)
    return found


def of(*command):
    """The options of a command, or of ffitap itself."""
    return parse(help_text(*command))
