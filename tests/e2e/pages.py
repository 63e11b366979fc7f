"""The manual pages of the source tree."""

import re

import harness

FOLDER = harness.SOURCE / "tools/ffitap/man"
ALL = sorted(page for page in FOLDER.iterdir() if page.suffix in (".1", ".3", ".5", ".7"))


def of_command(command):
    return FOLDER / f"{'-'.join(['ffitap', *command])}.1"


def of_section(number):
    return [page for page in ALL if page.suffix == f".{number}"]


def rendered(page):
    done = harness.run("mandoc", "-Tascii", page, text=True)
    assert done.returncode == 0, done.stderr
    return re.sub(".\b", "", done.stdout)


def section(text, name):
    """A section of a rendered page."""
    return re.search(rf"^{name}\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)[1]
