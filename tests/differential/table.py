"""Tables of cases, as README.md describes them."""

import re

BLOCKS = {"callback", "errcheck", "thread"}
WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|\S)+')
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPED = re.compile(r"\\(.)")
ESCAPES = {"n": "\n", "0": "\0"}


class TableError(Exception):
    """The table asks for something that makes no sense. This says nothing about ctypes."""


class Line:
    def __init__(self, number, text):
        self.number = number
        self.text = text
        self.words = [unquote(word) for word in WORD.findall(text)]
        self.body = []
        self.here = None  # the core's outcome, if it is to differ
        self.in_words = None  # or to be said in other words


class Case:
    def __init__(self, title):
        self.title = title
        self.lines = []

    def blocks(self):
        """The lines of the case. The lines of a block are in the line that begins the block."""
        return read_block(line for line in self.lines)

    def outcomes(self):
        """The lines that have an outcome."""
        return [line for line in self.lines if line.words[0] != "end"]


def unquote(word):
    def plain(quoted):
        return ESCAPED.sub(lambda found: ESCAPES.get(found[1], found[1]), quoted[1])

    return QUOTED.sub(plain, word)


def read_block(lines):
    block = []
    for line in lines:
        if line.words[0] == "end":
            break
        if line.words[0] in BLOCKS:
            line.body = read_block(lines)
        block.append(line)
    return block


def read(path):
    """The cases of a table."""
    cases = []
    with open(path, encoding="utf-8") as table:
        for number, text in enumerate(table, 1):
            text = text.strip()
            if text.startswith("case "):
                cases.append(Case(f"{number}: {text}"))
            elif text.startswith("here:"):
                cases[-1].lines[-1].here = text[5:].strip()
            elif text.startswith("words:"):
                cases[-1].lines[-1].in_words = text[6:].strip()
            elif text and not text.startswith("#"):
                cases[-1].lines.append(Line(number, text))
    return cases
