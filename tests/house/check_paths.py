#!/usr/bin/python3
"""Checks that a file of this tree that is named by its path, in a comment or a page, is there.

    check_paths.py [SOURCE]

Files move, and the comments that send readers to them have to follow. A path counts as one of this tree
if it begins with a folder of ours: "src/tap/tap.c", or, as in an include line, "tap/tap.h". The compiler
looks after the include lines themselves.
"""

import pathlib
import re
import sys

# Paths are written from here: from the top, or as in an include line.
STARTS = ("", "src", "tools", "tests", "include", "tracepoints")
# These make trees of their own, in which there are other files.
LEFT_OUT = ("tests/house/test_arrows.py", "tests/house/test_lists.py", "tests/house/test_paths.py")

# NAME in capitals stands for any.
PATH = re.compile(r"(?<![\w./{$-])((?:[a-z][a-z0-9_]*/)+(?!\S*NAME)[\w-]+\.(?:[chS]|py|sh|cmake|map|[1357]))(?![\w/]|\.\w)")
INCLUDE = re.compile(r"\s*#\s*include\b")


def find_files(source):
    paths = [path for start in STARTS if start for path in (source / start).rglob("*")]
    paths += source.glob("*.md")
    return [str(path.relative_to(source)) for path in paths if path.is_file() and path.suffix != ".pyc"]


def is_there(path, name, known):
    """Whether `path`, which the file called `name` has, is that of a file, or of one that CMake makes."""
    starts = (*STARTS, str(pathlib.PurePath(name).parent))
    paths = [str(pathlib.PurePath(start, path)) for start in starts]
    return any(path in known or f"{path}.in" in known for path in paths)


def folders(files):
    """The first words of paths of this tree, whichever start they are written from."""
    parts = [pathlib.PurePath(name).parts for name in files]
    return {words[0] for words in parts if len(words) > 1} | {
        words[1] for words in parts if words[0] in STARTS and len(words) > 2
    }


def problems(source):
    files = find_files(source)
    known, ours = set(files), folders(files)
    for name in files:
        if name in LEFT_OUT or name.startswith("tests/fuzz/corpus/"):
            continue
        try:
            text = (source / name).read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if INCLUDE.match(line):
                continue
            for path in PATH.findall(line):
                if path.split("/")[0] in ours and not is_there(path, name, known):
                    yield f"{name}:{number}: there is no {path}"


def main():
    source = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    found = list(problems(source))
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
