#!/usr/bin/python3
"""Checks that what is named in one list is known wherever it has to be.

    check_lists.py [--show] [SOURCE]

Commands, environment variables, exit statuses, statuses and events each have one list in the
source: LISTS. Many places have to know the entries of a list: PLACES. The check fails if a place
does not know an entry, or knows an entry that is not in the list. With --show all of this is
printed, and nothing fails.

Files are found by what they hold or by their names, wherever they lie.
"""

import json
import pathlib
import re
import sys

# The events of a trace that the report makes nothing of.
NOT_REPORTED = {
    "unload",
    "gil_release",
    "gil_acquire",
    "errno_swap",
    "last_error_swap",
    "callback_entry",
}

# The files that hold a list or are a place.
FOLDERS = {
    "include": "*.h",
    "src": "*.[ch]",
    "tests/abi": "*.txt",
    "tests/packages": "*.txt",
    "tools": "*",
    "tracepoints": "*.h",
}


class Broken(Exception):
    """A list or a place was not found where it should be."""


def the_one(found, what):
    if len(found) != 1:
        raise Broken(f"there must be one {what}; found: {', '.join(found) or 'none'}")
    return found[0]


class Tree:
    """The texts of a source tree, by their paths."""

    def __init__(self, texts):
        self.texts = texts

    @classmethod
    def read(cls, root):
        files = [root / "README.md"]
        for folder, pattern in FOLDERS.items():
            files += sorted((root / folder).rglob(pattern))
        texts = {}
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                texts[str(file.relative_to(root))] = file.read_text(errors="replace")
        return cls(texts)

    def named(self, name):
        """The text of the file of that name."""
        found = [path for path in self.texts if pathlib.PurePath(path).name == name]
        return self.texts[the_one(found, f"file {name}")]

    def that_holds(self, pattern, *folders):
        """The path of the one file below these folders that holds the pattern."""
        found = [
            path
            for path, text in self.texts.items()
            if path.split("/")[0] in folders and re.search(pattern, text, re.MULTILINE)
        ]
        return the_one(found, f"file with {pattern!r} below {', '.join(folders)}")

    def code(self, *folders):
        """The C sources below these folders, in one text."""
        return "\n".join(
            text
            for path, text in self.texts.items()
            if path.split("/")[0] in folders and path.endswith((".c", ".h"))
        )


# The lists. Each is a dictionary from an entry's name to the rest of the entry.


def x_macro(tree, name):
    """The entries of `#define NAME(X) X(a, b) OTHER_NAME(X) ...`, with those of OTHER_NAME."""
    text = tree.texts[tree.that_holds(rf"^#define {name}\(X\)", "include", "src", "tools")]
    text = re.search(rf"^#define {name}\(X\)((?:.*\\\n)*.*)", text, re.MULTILINE)[1]
    text = re.sub(r"/\*.*?\*/", "", text.replace("\\\n", " "))
    word = r'(?:[^,()"]|"(?:\\.|[^"\\])*")+'
    entries = {}
    for other, body in re.findall(rf"\b(?:(FFITAP\w+)\(X\)|X\(({word}(?:,{word})*)\))", text):
        if other:
            entries.update(x_macro(tree, other))
        else:
            first, *rest = [part.strip().strip('"') for part in re.findall(word, body)]
            entries[first] = tuple(rest)
    return entries


def variables(tree):
    """The environment variables, and for each whether a set-user-ID program reads it."""
    header = tree.texts[tree.that_holds(r"^#define FFITAP__ENV_", "include", "src", "tools")]
    found = re.findall(r'/\*((?:(?!\*/).)*)\*/\n#define FFITAP__ENV_(\w+) +"(\w+)"', header, re.DOTALL)
    if len(found) != len(re.findall(r"^#define FFITAP__ENV_", header, re.MULTILINE)):
        raise Broken("a variable has no comment of its own before it")
    for _, name, value in found:
        if value != f"FFITAP_{name}":
            raise Broken(f"FFITAP__ENV_{name} is {value}")
    return {value: "setuid" not in comment for comment, _, value in found}


LISTS = {
    "commands": lambda tree: x_macro(tree, "FFITAP_COMMAND_MAP"),
    "environment variables": variables,
    "exit statuses": lambda tree: x_macro(tree, "FFITAP_EXIT_MAP"),
    "statuses": lambda tree: x_macro(tree, "FFITAP_STATUS_MAP"),
    "events": lambda tree: x_macro(tree, "FFITAP__EVENT_MAP"),
}


# What the places have. A place returns the set of what it knows.


def find_all(pattern, text):
    return set(re.findall(pattern, text, re.MULTILINE))


def found_in(where, pattern):
    """A place: all that the pattern finds in the text that `where` takes from the tree."""
    return lambda tree: find_all(pattern, where(tree))


def named(name):
    return lambda tree: tree.named(name)


def section(page, name):
    """A section of a manual page; `page` is its text."""
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def overview(name):
    """A section of ffitap(1)."""
    return lambda tree: section(tree.named("ffitap.1"), name)


def items(page, name):
    """What a section says of each item in its lists, as plain text."""
    found = {}
    pattern = r"^\.It (.*)\n((?:(?!\.It |\.El).*\n)*)"
    for head, body in re.findall(pattern, section(page, name), re.MULTILINE):
        head = re.sub(r"\b(Cm|Ev|Ar) ", "", head).replace(" Ns ", "")
        body = re.sub(r"^\.Nm", "ffitap", body, flags=re.MULTILINE)
        body = re.sub(r"^\.\w+ ", "", body, flags=re.MULTILINE)
        found[head] = body.replace("\n", " ").replace(" .", ".").strip()
    return found


def pages(tree):
    """The manual pages of the commands."""
    paths = [re.search(r"/ffitap-(\w+)\.1$", path) for path in tree.texts]
    return {path[1]: tree.texts[path.string] for path in paths if path}


def bash(tree):
    return tree.texts[tree.that_holds(r"complete -F _ffitap ffitap", "tools")]


def bash_commands(tree):
    return set(the_one(re.findall(r"local commands='([\w ]+)'", bash(tree)), "list").split())


def zsh(tree):
    return tree.texts[tree.that_holds(r"^#compdef ffitap$", "tools")]


def zsh_commands(tree):
    """The lists of a section are alike; the list of what else ffitap(1) has is in another
    section."""
    return the_one(re.findall(r"local -a commands=\(\n(.*?)\n +\)", zsh(tree), re.DOTALL), "list")


def exit_numbers(page):
    return {re.match(r"\d+", head)[0] for head in items(page, "EXIT STATUS")}


def all_exit_numbers(tree):
    return set().union(*map(exit_numbers, [tree.named("ffitap.1"), *pages(tree).values()]))


def pages_with(number):
    return lambda tree: {name for name, page in pages(tree).items() if number in exit_numbers(page)}


def exits_told(tree):
    """Each status that ffitap(1) lists, with its meaning."""
    said = items(tree.named("ffitap.1"), "EXIT STATUS")
    return {f"{head.removesuffix('+n')}: {text}" for head, text in said.items()}


def exits_of_doctor(tree):
    schema = json.loads(tree.named("ffitap-doctor-1.schema.json"))
    return {str(number) for number in schema["properties"]["exit_status"]["enum"]}


def variables_told(tree):
    return set(items(tree.named("ffitap.1"), "ENVIRONMENT"))


def variables_told_of_setuid(tree):
    said = items(tree.named("ffitap.1"), "ENVIRONMENT")
    return {name for name, text in said.items() if "set-user-ID" in text}


def all_pages(tree):
    pattern = re.compile(r"/\w*ffitap[\w-]*\.\d$")
    return "\n".join(text for path, text in tree.texts.items() if pattern.search(path))


def read_by(function):
    pattern = rf"(?<!_){function}\(FFITAP__ENV_(\w+)\)"
    return lambda tree: {f"FFITAP_{name}" for name in find_all(pattern, tree.code("src"))}


def code_of_tools(tree):
    return tree.code("tools")


def code_of_src(tree):
    return tree.code("src")


def code_but_variables(tree):
    code = tree.code("include", "src", "tools")
    return re.sub(r"^#define FFITAP__ENV_.*\n", "", code, flags=re.MULTILINE)


def provider(tree):
    pattern = r"^#define LTTNG_UST_TRACEPOINT_PROVIDER ffitap"
    return tree.texts[tree.that_holds(pattern, "tracepoints")]


def provider_comment(tree):
    return provider(tree).split("*/")[0]


def recorder(tree):
    return tree.texts[tree.that_holds(r'^ *{"ffitap:\w+",', "tools")]


def reported(tree):
    """The reader's list of events, with the records that the events come in."""
    path = tree.that_holds(r"^#define FFITAP__(MODEL|REPORT)_EVENTS\(X\)", "tools")
    name = re.search(r"FFITAP__(?:MODEL|REPORT)_EVENTS", tree.texts[path])[0]
    return {f"{event} ({record})" for event, (record,) in x_macro(tree, name).items()}


def events_told(tree):
    """The events that ffitap-events(7) has a part about; all events if there is no such page."""
    if not any(path.endswith("/ffitap-events.7") for path in tree.texts):
        return set(LISTS["events"](tree))
    return find_all(r"^\.Ss (\w+_\w+|[a-z]+)$", tree.named("ffitap-events.7"))


# What a place has to have. Most have to have the names of all entries, and no others.


def names(tree, entries):
    return set(entries)


def names_but_help(tree, entries):
    return set(entries) - {"help"}


def summaries(tree, entries):
    return {(name, summary) for name, (summary,) in entries.items()}


def those_with_program(tree, entries):
    """The commands that take a program and the program's own words."""
    sources = {
        name: tree.texts[tree.that_holds(rf"^int ffitap_command_{name}\(.*\)\n{{", "tools")]
        for name in entries
    }
    pattern = re.compile(r"FFITAP_USAGE_PROGRAM|\.is_program = true")
    return {name for name, source in sources.items() if pattern.search(source)}


def those_of_setuid(tree, entries):
    return {name for name, is_read in entries.items() if is_read}


def those_not_of_setuid(tree, entries):
    return {name for name, is_read in entries.items() if not is_read}


def meanings(tree, entries):
    return {f"{value}: {meaning}" for value, meaning in entries.values()}


def values(tree, entries):
    return {value for value, _ in entries.values()}


def values_of_doctor(tree, entries):
    return {value for name, (value, _) in entries.items() if name not in ("FAILED", "SIGNALED")}


def numbered(tree, entries):
    return {f"{name} {value}" for name, (value, _) in entries.items()}


def with_records(tree, entries):
    return {f"{name} ({record})" for name, (record,) in entries.items() if name not in NOT_REPORTED}


def nothing(tree, entries):
    return set()


# The places of each list: the name of a place, what it has, and what it has to have. A place whose
# name starts with "+" may have more than that.
PLACES = {
    "commands": [
        ("functions", found_in(code_of_tools, r"^int ffitap_command_(\w+)\(.*\)\n{"), names),
        ("manual pages", lambda tree: set(pages(tree)), names_but_help),
        ("ffitap.1, DESCRIPTION", found_in(overview("DESCRIPTION"), r"^\.It Cm (\w+)"), names),
        ("ffitap.1, SEE ALSO", found_in(overview("SEE ALSO"), r"^\.Xr ffitap-(\w+) 1"), names_but_help),
        ("bash's list", bash_commands, names),
        ("bash's options", found_in(bash, r"^ {12}(\w+)\)"), names),
        ("zsh's list", found_in(zsh_commands, r"^ *'([a-z]+):(.*)'$"), summaries),
        ("zsh's options", found_in(zsh, r"^_ffitap-(\w+)\(\)"), names),
        ("fish's list", found_in(named("ffitap.fish"), r"lacks_command -a (\w+) -d '(.*)'$"), summaries),
        ("fish's options", found_in(named("ffitap.fish"), r"'__ffitap_in (\w+)[;']"), names),
        ("+README.md", found_in(named("README.md"), r"\bffitap (\w+)"), names),
        ("contents.txt", found_in(named("contents.txt"), r"man1/ffitap-(\w+)\.1"), names_but_help),
        ("pages with 125", pages_with("125"), names_but_help),
        ("pages with 126", pages_with("126"), those_with_program),
        ("pages with 127", pages_with("127"), those_with_program),
    ],
    "environment variables": [
        ("ffitap.1, ENVIRONMENT", variables_told, names),
        ("ffitap.1, set-user-ID", variables_told_of_setuid, those_not_of_setuid),
        ("all pages, .Ev", found_in(all_pages, r"^\.(?:It )?Ev (FFITAP_\w+)"), names),
        ("getenv() in src", read_by("getenv"), those_of_setuid),
        ("secure_getenv() in src", read_by("secure_getenv"), those_not_of_setuid),
        ("code without FFITAP__ENV_", found_in(code_but_variables, r'"(FFITAP_[A-Z_]+)[="]'), nothing),
    ],
    "exit statuses": [
        ("ffitap.1, EXIT STATUS", exits_told, meanings),
        ("all pages, EXIT STATUS", all_exit_numbers, values),
        ("schema of doctor", exits_of_doctor, values_of_doctor),
        (
            "code without FFITAP_EXIT_",
            found_in(code_of_tools, r"\b(?:return|_?exit\() ?\(?(12[5-8])\b"),
            nothing,
        ),
    ],
    "statuses": [
        ("statuses.txt", lambda tree: set(tree.named("statuses.txt").splitlines()), numbered),
        ("+src, which answers so", found_in(code_of_src, r"\bFFITAP_([A-Z_]+)\b"), names),
    ],
    "events": [
        ("provider.h", found_in(provider, r"^LTTNG_UST_TRACEPOINT_EVENT.*\bffitap, (\w+),$"), names),
        ("provider.h, levels", found_in(provider, r"^LTTNG_UST_TRACEPOINT_LOGLEVEL\(ffitap, (\w+),"), names),
        ("+provider.h, comment", found_in(provider_comment, r"\b(\w+)\b"), names),
        ("recorder", found_in(recorder, r'^ *{"ffitap:(\w+)",'), names),
        ("report", reported, with_records),
        ("ffitap-events.7", events_told, names),
    ],
}


def check(tree):
    """What is wrong, a line for each fault."""
    problems = []
    for name, places in PLACES.items():
        try:
            entries = LISTS[name](tree)
        except Broken as broken:
            problems.append(f"the list of {name}: {broken}")
            continue
        for place, has, wants in places:
            try:
                problems += compare(name, place, has(tree), wants(tree, entries))
            except Broken as broken:
                problems.append(f"{place}: {broken}")
    return problems


def compare(name, place, has, wants):
    problems = [f"{place}: lacks {what}, which is among the {name}" for what in wants - has]
    if not place.startswith("+"):
        problems += [f"{place}: has {what}, which the {name} do not put there" for what in has - wants]
    return sorted(problems)


def show(tree):
    for name, places in PLACES.items():
        print(f"{name}: {', '.join(LISTS[name](tree))}")
        for place, has, _ in places:
            print(f"    {place}: {', '.join(sorted(map(str, has(tree)))[:30])}")


def main(arguments):
    wants_show = "--show" in arguments
    roots = [pathlib.Path(word) for word in arguments if word != "--show"]
    tree = Tree.read(roots[0] if roots else pathlib.Path(__file__).resolve().parents[2])
    if wants_show:
        show(tree)
        return 0
    problems = check(tree)
    print("\n".join(problems) or "every list is known wherever it has to be")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
